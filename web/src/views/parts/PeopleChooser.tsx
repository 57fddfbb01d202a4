/** A field to find people by name and a list of those chosen. */
import { useState } from "react";
import { t } from "../../i18n/t.ts";
import type { AccountId } from "../../wire/types.ts";
import { useFoundPeople, usePerson } from "../people.ts";
import { useStore } from "../useApp.ts";
import { Avatar } from "./Avatar.tsx";
import { Icon } from "./Icon.tsx";

interface Props {
  readonly chosen: readonly AccountId[];
  readonly onChange: (chosen: readonly AccountId[]) => void;
  /** Who is not offered. */
  readonly without: ReadonlySet<AccountId>;
}

/** Most people offered at once. */
const OFFERED_MAX = 30;

export function PeopleChooser({ chosen, onChange, without }: Props) {
  const people = useStore((state) => state.people);
  const [typed, setTyped] = useState("");
  const found = useFoundPeople(typed);
  const offered = found
    .filter((id) => !without.has(id) && !chosen.includes(id) && people.get(id)?.disabled !== true)
    .slice(0, OFFERED_MAX);
  return (
    <div className="chooser">
      {chosen.length > 0 && (
        <ul className="chosen">
          {chosen.map((id) => (
            <li key={id}>
              <Chosen id={id} onDrop={() => onChange(chosen.filter((other) => other !== id))} />
            </li>
          ))}
        </ul>
      )}
      <input
        type="search"
        className="field"
        placeholder={t("members.search")}
        aria-label={t("members.search")}
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
      />
      <ul className="people">
        {offered.map((id) => (
          <li key={id}>
            <Offered
              id={id}
              onClick={() => {
                onChange([...chosen, id]);
                setTyped("");
              }}
            />
          </li>
        ))}
      </ul>
      {offered.length === 0 && typed !== "" && <p className="quiet">{t("people.none")}</p>}
    </div>
  );
}

function Chosen({ id, onDrop }: { readonly id: AccountId; readonly onDrop: () => void }) {
  const person = usePerson(id);
  const name = person?.display ?? t("line.someone");
  return (
    <button
      type="button"
      className="chip"
      onClick={onDrop}
      aria-label={`${t("common.remove")}: ${name}`}
    >
      {name}
      <Icon name="close" size={16} />
    </button>
  );
}

function Offered({ id, onClick }: { readonly id: AccountId; readonly onClick: () => void }) {
  const person = usePerson(id);
  return (
    <button type="button" className="person person-button" onClick={onClick}>
      <Avatar person={person} size="s" />
      <span className="person-words">
        <strong>{person?.display ?? ""}</strong>
        <span className="faint">@{person?.name ?? ""}</span>
      </span>
      <Icon name="plus" size={16} />
    </button>
  );
}
