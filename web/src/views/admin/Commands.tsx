/** The slash commands of the workspace's own: list, make, delete. */
import { type FormEvent, useCallback, useState } from "react";
import { createCommand, deleteCommand } from "../../actions/commands.ts";
import { type Key, t } from "../../i18n/t.ts";
import { CopyButton } from "../parts/CopyButton.tsx";
import { Icon } from "../parts/Icon.tsx";
import { Listed } from "../parts/Listed.tsx";
import { useClient, usePerform } from "../useApp.ts";
import { useFetched } from "../useFetched.ts";

const BLANK = { name: "", url: "", usage: "", about: "" };

const FIELDS: readonly (readonly [keyof typeof BLANK, Key, number, boolean])[] = [
  ["name", "admin.command_name", 32, true],
  ["url", "admin.command_url", 1_000, true],
  ["usage", "admin.command_usage", 100, false],
  ["about", "admin.command_about", 200, false],
];

export function Commands() {
  const client = useClient();
  const perform = usePerform();
  const [command, setCommand] = useState(BLANK);
  const [secret, setSecret] = useState<string | null>(null);
  const fetch = useCallback(() => client.http.customCommands(), [client]);
  const [commands, again] = useFetched(fetch);
  const make = (event: FormEvent) => {
    event.preventDefault();
    const { name, url, usage, about } = command;
    void perform(createCommand, {
      command: { name: name.trim().toLowerCase(), url: url.trim(), usage, about },
      made: (told) => {
        setSecret(told);
        setCommand(BLANK);
        again();
      },
    });
  };
  return (
    <>
      <form className="admin-form" onSubmit={make}>
        <h2>{t("admin.command_new")}</h2>
        <p className="faint">{t("admin.command_hint")}</p>
        <div className="stack">
          {FIELDS.map(([key, label, maxLength, required]) => (
            <label key={key}>
              <span className="label">{t(label)}</span>
              <input
                className="field"
                required={required}
                maxLength={maxLength}
                value={command[key]}
                onChange={(event) => setCommand({ ...command, [key]: event.target.value })}
              />
            </label>
          ))}
          <button type="submit" className="button button-main">
            {t("admin.command_do")}
          </button>
        </div>
      </form>
      {secret !== null && (
        <div className="shown-once">
          <p>{t("admin.command_secret")}</p>
          <code>{secret}</code>
          <CopyButton wide text={secret} label={t("common.copy")} />
        </div>
      )}
      <Listed listing={commands} empty={t("admin.command_none")} />
      <ul className="rows">
        {commands.items.map(({ id, name, usage, about, url }) => (
          <li key={id} className="row-card">
            <span className="row-words">
              <strong>{`/${name} ${usage}`.trim()}</strong>
              <span className="faint">{about === "" ? url : `${about} · ${url}`}</span>
            </span>
            <button
              type="button"
              className="icon-button"
              aria-label={`${t("common.delete")}: /${name}`}
              onClick={() => void perform(deleteCommand, { id }).then(again)}
            >
              <Icon name="trash" size={16} />
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}
