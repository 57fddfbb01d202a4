/** Somebody's name; opens a card that says who they are. */
import { openDirect } from "../../actions/openDirect.ts";
import { t } from "../../i18n/t.ts";
import type { AccountId } from "../../wire/types.ts";
import { usePerson, usePresence } from "../people.ts";
import { usePerform, useStore } from "../useApp.ts";
import { Avatar } from "./Avatar.tsx";
import { Icon } from "./Icon.tsx";
import { Popover } from "./Popover.tsx";

interface Props {
  readonly id: AccountId;
  /** What to call them here, where an integration gave itself a name. */
  readonly name: string;
}

export function PersonButton({ id, name }: Props) {
  return (
    <Popover
      kind="card"
      label={t("panel.profile")}
      trigger={(props) => (
        <button type="button" className="person-name" tabIndex={-1} {...props}>
          {name}
        </button>
      )}
    >
      {(close) => <PersonCard id={id} close={close} />}
    </Popover>
  );
}

function PersonCard({ id, close }: { readonly id: AccountId; readonly close: () => void }) {
  const perform = usePerform();
  const person = usePerson(id);
  const presence = usePresence(id);
  const mayWrite = useStore((state) => state.me !== null && state.me.role !== "guest");
  if (person === null) return <p className="card-body quiet">{t("app.loading")}</p>;
  return (
    <div className="card-body">
      <div className="person-top">
        <Avatar person={person} size="l" presence={person.bot === true ? null : presence} />
        <div>
          <strong className="person-display">{person.display}</strong>
          <span className="quiet">@{person.name}</span>
        </div>
      </div>
      {(person.status ?? "") !== "" && <p>{person.status}</p>}
      <p className="quiet">
        {person.bot === true ? t("role.bot") : t(`role.${person.role}`)}
        {person.disabled === true && ` · ${t("role.disabled")}`}
      </p>
      {mayWrite && person.bot !== true && person.disabled !== true && (
        <button
          type="button"
          className="button"
          onClick={() => {
            close();
            void perform(openDirect, { people: [id] });
          }}
        >
          <Icon name="thread" />
          {t("profile.message")}
        </button>
      )}
    </div>
  );
}
