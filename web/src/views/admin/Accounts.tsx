/** Every account: its role in the workspace, and whether it may sign in. */
import { useCallback, useState } from "react";
import { editPerson } from "../../actions/administer.ts";
import { t } from "../../i18n/t.ts";
import type { Person, Role } from "../../wire/types.ts";
import { Avatar } from "../parts/Avatar.tsx";
import { Listed } from "../parts/Listed.tsx";
import { useClient, usePerform, useStore } from "../useApp.ts";
import { useFetched } from "../useFetched.ts";

const ROLES: readonly Role[] = ["guest", "member", "moderator", "admin", "owner"];

export function Accounts() {
  const client = useClient();
  const [typed, setTyped] = useState("");
  const fetch = useCallback(
    () => client.http.people({ q: typed.trim().toLowerCase() }),
    [client, typed],
  );
  const [people, again] = useFetched(fetch);
  return (
    <>
      <input
        type="search"
        className="field field-wide"
        placeholder={t("people.search")}
        aria-label={t("people.search")}
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
      />
      <Listed listing={people} empty={t("people.none")} />
      <ul className="rows">
        {people.items.map((person) => (
          <li key={person.id}>
            <Account person={person} again={again} />
          </li>
        ))}
      </ul>
    </>
  );
}

function Account({ person, again }: { readonly person: Person; readonly again: () => void }) {
  const perform = usePerform();
  const me = useStore((state) => state.me);
  const [asking, setAsking] = useState(false);
  const self = me?.id === person.id;
  const may = !self && me !== null && (me.role === "owner" || rank(person.role) < rank(me.role));
  const offered = ROLES.filter((role) => me?.role === "owner" || rank(role) < rank("owner"));
  const change = (to: { role?: Role; disabled?: boolean }) => {
    setAsking(false);
    void perform(editPerson, { who: person.id, ...to }).then(again);
  };
  const disabled = person.disabled === true;
  return (
    <div className="row-card">
      <Avatar person={person} />
      <span className="row-words">
        <span>
          <strong>{person.display}</strong>
          {person.bot === true && <span className="tag">{t("role.bot")}</span>}
          {disabled && <span className="tag">{t("role.disabled")}</span>}
        </span>
        <span className="faint">@{person.name}</span>
        {asking && (
          <span className="ask" role="alertdialog" aria-label={t("confirm.sure")}>
            <span>{t("admin.disable_sure", { who: person.display })}</span>
            <button
              type="button"
              className="button button-red"
              onClick={() => change({ disabled: true })}
            >
              {t("admin.disable")}
            </button>
            <button type="button" className="button" onClick={() => setAsking(false)}>
              {t("common.cancel")}
            </button>
          </span>
        )}
      </span>
      {may ? (
        <select
          className="field select"
          aria-label={t("admin.role_of", { who: person.display })}
          value={person.role}
          onChange={(event) => change({ role: event.target.value as Role })}
        >
          {offered.map((role) => (
            <option key={role} value={role}>
              {t(`role.${role}`)}
            </option>
          ))}
        </select>
      ) : (
        <span className="faint">{t(`role.${person.role}`)}</span>
      )}
      {may && !asking && (
        <button
          type="button"
          className="button"
          onClick={() => (disabled ? change({ disabled: false }) : setAsking(true))}
        >
          {t(disabled ? "admin.enable" : "admin.disable")}
        </button>
      )}
    </div>
  );
}

function rank(role: Role): number {
  return ROLES.indexOf(role);
}
