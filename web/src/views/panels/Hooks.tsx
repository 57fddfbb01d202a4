/** The incoming webhooks of a room: list, make, delete. */
import { type FormEvent, useCallback, useState } from "react";
import { createHook, deleteHook } from "../../actions/hooks.ts";
import { t } from "../../i18n/t.ts";
import type { RoomId } from "../../wire/types.ts";
import { CopyButton } from "../parts/CopyButton.tsx";
import { Icon } from "../parts/Icon.tsx";
import { useClient, usePerform } from "../useApp.ts";
import { useFetched } from "../useFetched.ts";

export function Hooks({ room }: { readonly room: RoomId }) {
  const client = useClient();
  const perform = usePerform();
  const fetch = useCallback(() => client.http.hooks(room), [client, room]);
  const [hooks, again] = useFetched(fetch);
  const [name, setName] = useState("");
  const [address, setAddress] = useState<string | null>(null);
  const make = async (event: FormEvent) => {
    event.preventDefault();
    await perform(createHook, {
      room,
      name,
      made: (path) => {
        setAddress(window.location.origin + path);
        setName("");
        again();
      },
    });
  };
  return (
    <section>
      <h3>{t("details.hooks")}</h3>
      <p className="faint">{t("details.hooks_hint")}</p>
      <ul className="plain-list">
        {hooks.items.map((hook) => (
          <li key={hook.id}>
            <Icon name="webhook" />
            <span>{hook.name}</span>
            <button
              type="button"
              className="icon-button small"
              aria-label={`${t("common.delete")}: ${hook.name}`}
              onClick={() => void perform(deleteHook, { room, id: hook.id }).then(again)}
            >
              <Icon name="trash" size={16} />
            </button>
          </li>
        ))}
      </ul>
      {address !== null && (
        <div className="shown-once">
          <p>{t("details.hook_shown_once")}</p>
          <code>{address}</code>
          <CopyButton wide text={address} label={t("common.copy")} />
        </div>
      )}
      <form className="line-form" onSubmit={(event) => void make(event)}>
        <label>
          <span className="label">{t("details.hook_name")}</span>
          <input
            className="field"
            value={name}
            maxLength={60}
            required
            onChange={(event) => setName(event.target.value)}
          />
        </label>
        <button type="submit" className="button">
          {t("details.hook_add")}
        </button>
      </form>
    </section>
  );
}
