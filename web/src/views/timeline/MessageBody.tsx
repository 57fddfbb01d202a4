/** What a message says: its text, what it quotes, its files, and whether it was changed or taken back. */
import { useState } from "react";
import { openThread } from "../../actions/openThread.ts";
import { showRevisions } from "../../actions/showRevisions.ts";
import { moment } from "../../i18n/clock.ts";
import { t } from "../../i18n/t.ts";
import type { Line } from "../../sync/model.ts";
import { permalink } from "../../sync/place.ts";
import type { RoomId, Seq } from "../../wire/types.ts";
import { EditBox } from "../composer/EditBox.tsx";
import { Files } from "../files/Files.tsx";
import { Markdown, MarkdownLine } from "../markdown/Markdown.tsx";
import { Icon } from "../parts/Icon.tsx";
import { usePerson } from "../people.ts";
import { usePerform, useStore } from "../useApp.ts";
import { lineAt } from "./lines.ts";
import type { MessageEvent } from "./MessageRow.tsx";

/** Texts beyond this many lines or characters are folded until asked for. */
const LONG = { lines: 40, chars: 4_000 };

interface Props {
  readonly line: Line;
  readonly event: MessageEvent;
  readonly room: RoomId;
  readonly thread: Seq | null;
}

export function MessageBody({ event, room, thread }: Props) {
  const perform = usePerform();
  const editing = useStore(
    (state) =>
      state.editing !== null &&
      state.editing.room === room &&
      event.seq > 0 &&
      state.editing.seq === event.seq,
  );
  if (event.deleted === true) return <p className="line-deleted">{t("line.deleted")}</p>;
  return (
    <>
      {thread === null && event.thread !== undefined && (
        <button
          type="button"
          className="line-context"
          onClick={() => void perform(openThread, { room, seq: event.seq })}
        >
          <Icon name="thread" size={16} />
          {t("line.replied")}
        </button>
      )}
      {event.quote !== undefined && <Quote room={room} seq={event.quote} />}
      {editing ? (
        <EditBox room={room} seq={event.seq} text={event.text} />
      ) : (
        <Text event={event} room={room} />
      )}
      {(event.files ?? []).length > 0 && <Files files={event.files ?? []} />}
    </>
  );
}

function Text({ event, room }: { readonly event: MessageEvent; readonly room: RoomId }) {
  const perform = usePerform();
  const long =
    event.text.length > LONG.chars || event.text.split("\n", LONG.lines + 1).length > LONG.lines;
  const [whole, setWhole] = useState(false);
  if (event.text === "") return null;
  return (
    <>
      <div className="line-text" data-folded={(long && !whole) || undefined}>
        <Markdown text={event.text} />
      </div>
      {long && (
        <button
          type="button"
          className="link-button"
          onClick={() => setWhole(!whole)}
          aria-expanded={whole}
        >
          {t(whole ? "line.long_hide" : "line.long_show")}
        </button>
      )}
      {event.edited_at !== undefined && (
        <button
          type="button"
          className="line-edited"
          title={t("line.edited_at", { time: moment(event.edited_at) })}
          onClick={() => void perform(showRevisions, { room, seq: event.seq })}
        >
          {t("line.edited")}
        </button>
      )}
      {event.pinned === true && (
        <span className="line-pinned">
          <Icon name="pin" size={16} />
          {t("line.pinned")}
        </span>
      )}
    </>
  );
}

function Quote({ room, seq }: { readonly room: RoomId; readonly seq: Seq }) {
  const line = useStore((state) => lineAt(state.rooms.get(room), seq));
  const event = line?.event.kind === "message" ? line.event : null;
  const person = usePerson(event?.from ?? null);
  return (
    <a className="quote" href={permalink(room, seq)} aria-label={t("line.quoted")}>
      {event === null ? (
        <span className="faint">{t("line.quoted_missing")}</span>
      ) : (
        <>
          <strong>{event.name ?? person?.display ?? t("line.someone")}</strong>{" "}
          {event.deleted === true ? t("line.deleted") : <MarkdownLine text={event.text} />}
        </>
      )}
    </a>
  );
}
