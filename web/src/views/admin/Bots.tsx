/** Bots: accounts of programs, and the tokens they come in by. */
import { type FormEvent, useCallback, useState } from "react";
import { createBot, createBotToken } from "../../actions/administer.ts";
import { t } from "../../i18n/t.ts";
import type { Person } from "../../wire/types.ts";
import { Avatar } from "../parts/Avatar.tsx";
import { CopyButton } from "../parts/CopyButton.tsx";
import { Listed } from "../parts/Listed.tsx";
import { useClient, usePerform } from "../useApp.ts";
import { useFetched } from "../useFetched.ts";

export function Bots() {
  const client = useClient();
  const perform = usePerform();
  const [name, setName] = useState("");
  const fetch = useCallback(
    async () => (await client.http.people({ q: "" })).filter((one) => one.bot === true),
    [client],
  );
  const [bots, again] = useFetched(fetch);
  const make = (event: FormEvent) => {
    event.preventDefault();
    void perform(createBot, {
      name: name.trim().toLowerCase(),
      made: () => {
        setName("");
        again();
      },
    });
  };
  return (
    <>
      <form className="admin-form" onSubmit={make}>
        <h2>{t("admin.bot_new")}</h2>
        <div className="row">
          <label>
            <span className="label">{t("admin.bot_name")}</span>
            <input
              className="field"
              required
              maxLength={32}
              value={name}
              onChange={(event) => setName(event.target.value)}
            />
          </label>
          <button type="submit" className="button button-main">
            {t("admin.bot_do")}
          </button>
        </div>
      </form>
      <Listed listing={bots} empty={t("admin.bot_none")} />
      <ul className="rows">
        {bots.items.map((bot) => (
          <li key={bot.id}>
            <Bot bot={bot} />
          </li>
        ))}
      </ul>
    </>
  );
}

function Bot({ bot }: { readonly bot: Person }) {
  const perform = usePerform();
  const [token, setToken] = useState<string | null>(null);
  return (
    <div className="row-card">
      <Avatar person={bot} />
      <span className="row-words">
        <strong>{bot.display}</strong>
        <span className="faint">@{bot.name}</span>
        {token !== null && (
          <span className="shown-once">
            <span>{t("admin.bot_token_shown")}</span>
            <code>{token}</code>
            <CopyButton wide text={token} label={t("common.copy")} />
          </span>
        )}
      </span>
      <button
        type="button"
        className="button"
        onClick={() => void perform(createBotToken, { bot: bot.id, made: setToken })}
      >
        {t("admin.bot_token")}
      </button>
    </div>
  );
}
