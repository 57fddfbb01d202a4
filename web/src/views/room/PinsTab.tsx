/** The pinned messages of a room. */

import { mayWrite } from "../../actions/lookup.ts";
import { openRoom } from "../../actions/openRoom.ts";
import { pinMessage } from "../../actions/pinMessage.ts";
import { shortly } from "../../i18n/clock.ts";
import { t } from "../../i18n/t.ts";
import type { Line, Room } from "../../sync/model.ts";
import { Files } from "../files/Files.tsx";
import { Markdown } from "../markdown/Markdown.tsx";
import { Avatar } from "../parts/Avatar.tsx";
import { Icon } from "../parts/Icon.tsx";
import { usePerson } from "../people.ts";
import { lineAt } from "../timeline/lines.ts";
import { usePerform, useStore } from "../useApp.ts";

export function PinsTab({ room }: { readonly room: Room }) {
  const lines = room.pins.flatMap((seq) => lineAt(room, seq) ?? []).reverse();
  if (lines.length === 0) {
    return (
      <div className="empty-page">
        <Icon name="pin" />
        <p>{t("pins.none")}</p>
      </div>
    );
  }
  return (
    <ul className="cards">
      {lines.map((line) => (
        <li key={line.key}>
          <Pin room={room} line={line} />
        </li>
      ))}
    </ul>
  );
}

function Pin({ room, line }: { readonly room: Room; readonly line: Line }) {
  const perform = usePerform();
  const { event } = line;
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
            onClick={() => void perform(pinMessage, target)}
          >
            {t("pins.unpin")}
          </button>
        )}
      </footer>
    </article>
  );
}
