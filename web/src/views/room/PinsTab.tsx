/** The pinned messages of a room. */

import { useCallback } from "react";
import { mayWrite } from "../../actions/lookup.ts";
import { openRoom } from "../../actions/openRoom.ts";
import { pinMessage } from "../../actions/pinMessage.ts";
import { shortly } from "../../i18n/clock.ts";
import { t } from "../../i18n/t.ts";
import type { Room } from "../../sync/model.ts";
import type { Event } from "../../wire/types.ts";
import { Files } from "../files/Files.tsx";
import { Markdown } from "../markdown/Markdown.tsx";
import { Avatar } from "../parts/Avatar.tsx";
import { HereOnly } from "../parts/HereOnly.tsx";
import { Icon } from "../parts/Icon.tsx";
import { usePerson } from "../people.ts";
import { lineAt } from "../timeline/lines.ts";
import { useClient, usePerform, useStore } from "../useApp.ts";
import { useFetched } from "../useFetched.ts";

export function PinsTab({ room }: { readonly room: Room }) {
  const client = useClient();
  const { id, changedAt } = room;
  const inSync = room.asOf === null;
  // biome-ignore lint/correctness/useExhaustiveDependencies: pins change with events, and while away
  const fetch = useCallback(
    async () => [await client.http.pins(id)],
    [client, id, changedAt, inSync],
  );
  const [fetched] = useFetched(fetch);
  const here = room.pins.flatMap((seq) => lineAt(room, seq)?.event ?? []).reverse();
  const pins = fetched.items[0] ?? here;
  return (
    <div className="tab-page">
      <HereOnly why={fetched.why} words={t("pins.here")} />
      {pins.length === 0 && (
        <div className="empty-page">
          <Icon name="pin" />
          <p>{fetched.loading ? t("app.loading") : t("pins.none")}</p>
        </div>
      )}
      <ul className="cards">
        {pins.map((event) => (
          <li key={event.seq}>
            <Pin room={room} event={event} />
          </li>
        ))}
      </ul>
    </div>
  );
}

function Pin({ room, event }: { readonly room: Room; readonly event: Event }) {
  const perform = usePerform();
  const person = usePerson(event.from);
  const may = useStore((state) => mayWrite(state, room.id));
  if (event.kind !== "message") return null;
  const target = { room: room.id, seq: event.seq };
  return (
    <article className="message-card">
      <header>
        <Avatar person={person} name={event.name} size="s" />
        <strong>{event.name ?? person?.display ?? t("line.someone")}</strong>
        <span className="faint">{shortly(event.at, Date.now())}</span>
      </header>
      <Markdown text={event.text} />
      <Files files={event.files ?? []} />
      <footer>
        <button
          type="button"
          className="link-button"
          onClick={() => void perform(openRoom, target)}
        >
          {t("pins.jump")}
        </button>
        {may && (
          <button
            type="button"
            className="link-button"
            onClick={() => void perform(pinMessage, { ...target, on: false })}
          >
            {t("pins.unpin")}
          </button>
        )}
      </footer>
    </article>
  );
}
