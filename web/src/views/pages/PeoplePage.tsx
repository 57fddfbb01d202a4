/** Everybody one may see: who they are, whether they are there, and a way to write to them. */
import { useMemo, useState } from "react";
import { isAdmin } from "../../actions/lookup.ts";
import { openDirect } from "../../actions/openDirect.ts";
import { t } from "../../i18n/t.ts";
import type { AccountId } from "../../wire/types.ts";
import { Avatar } from "../parts/Avatar.tsx";
import { Icon } from "../parts/Icon.tsx";
import { PersonButton } from "../parts/PersonButton.tsx";
import { useFoundPeople, usePerson } from "../people.ts";
import { usePerform, useStore } from "../useApp.ts";
import { Page } from "./Page.tsx";

export default function PeoplePage() {
  const people = useStore((state) => state.people);
  const admin = useStore((state) => isAdmin(state));
  const [typed, setTyped] = useState("");
  const found = useFoundPeople(typed);
  const shown = useMemo(
    () =>
      found
        .flatMap((id) => people.get(id) ?? [])
        .filter((person) => person.disabled !== true)
        .sort((a, b) => a.display.localeCompare(b.display)),
    [found, people],
  );
  return (
    <Page
      title={t("people.title")}
      tools={
        admin && (
          <a className="button button-main" href="/settings/admin-invites">
            <Icon name="plus" />
            {t("people.invite")}
          </a>
        )
      }
    >
      <input
        type="search"
        className="field field-wide"
        placeholder={t("people.search")}
        aria-label={t("people.search")}
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
      />
      {shown.length === 0 && <p className="quiet panel-note">{t("people.none")}</p>}
      <ul className="rows">
        {shown.map((person) => (
          <li key={person.id}>
            <PersonRow id={person.id} />
          </li>
        ))}
      </ul>
    </Page>
  );
}

function PersonRow({ id }: { readonly id: AccountId }) {
  const perform = usePerform();
  const person = usePerson(id);
  const presence = useStore((state) => state.presence.get(id) ?? null);
  const me = useStore((state) => state.me?.id === id);
  const mayWrite = useStore((state) => state.me !== null && state.me.role !== "guest");
  if (person === null) return null;
  return (
    <div className="row-card">
      <Avatar person={person} presence={person.bot === true ? null : presence} />
      <span className="row-words">
        <span>
          <PersonButton
            id={id}
            name={me ? `${person.display} (${t("common.you")})` : person.display}
          />
          {person.role !== "member" && person.bot !== true && (
            <span className="tag">{t(`role.${person.role}`)}</span>
          )}
          {person.bot === true && <span className="tag">{t("role.bot")}</span>}
        </span>
        <span className="faint">
          @{person.name}
          {(person.status ?? "") !== "" && ` · ${person.status}`}
        </span>
      </span>
      {!me && mayWrite && person.bot !== true && (
        <button
          type="button"
          className="icon-button"
          aria-label={`${t("profile.message")}: ${person.display}`}
          title={t("profile.message")}
          onClick={() => void perform(openDirect, { people: [id] })}
        >
          <Icon name="thread" />
        </button>
      )}
    </div>
  );
}
