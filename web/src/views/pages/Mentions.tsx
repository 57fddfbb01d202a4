/** The latest messages that name one, wherever they are. */
import { useCallback } from "react";
import { openRoom } from "../../actions/openRoom.ts";
import { shortly } from "../../i18n/clock.ts";
import { t } from "../../i18n/t.ts";
import type { Event, RoomId } from "../../wire/types.ts";
import { MarkdownLine } from "../markdown/Markdown.tsx";
import { Avatar } from "../parts/Avatar.tsx";
import { Listed } from "../parts/Listed.tsx";
import { usePerson } from "../people.ts";
import { useClient, usePerform, useStore } from "../useApp.ts";
import { useFetched } from "../useFetched.ts";

/** So many messages with the name are looked through. */
const LOOKED_THROUGH = 50;

interface Mention {
  readonly room: RoomId;
  readonly event: Event;
}

export function Mentions() {
  const client = useClient();
  const me = useStore((state) => state.me);
  const id = me?.id ?? 0;
  const name = me?.name ?? "";
  const fetch = useCallback(async (): Promise<readonly Mention[]> => {
    const { hits } = await client.http.search(name, LOOKED_THROUGH, null);
    return hits.filter(
      ({ event }) => event.kind === "message" && event.mentions?.includes(id) === true,
    );
  }, [client, id, name]);
  const [mentions] = useFetched(fetch);
  return (
    <>
      <Listed listing={mentions} empty={t("mentions.none")} />
      <ul className="rows">
        {mentions.items.map((mention) => (
          <li key={`${mention.room} ${mention.event.seq}`}>
            <MentionRow mention={mention} />
          </li>
        ))}
      </ul>
    </>
  );
}

function MentionRow({ mention }: { readonly mention: Mention }) {
  const perform = usePerform();
  const { room: id, event } = mention;
  const room = useStore((state) => state.rooms.get(id));
  const person = usePerson(event.from);
  if (event.kind !== "message") return null;
  const title =
    room === undefined ? "" : room.summary.room_kind === "direct" ? room.title : `#${room.title}`;
  const unread = room !== undefined && event.seq > room.summary.read;
  return (
    <button
      type="button"
      className="row-button"
      data-unread={unread || undefined}
      onClick={() => void perform(openRoom, { room: id, seq: event.seq })}
    >
      <Avatar person={person} name={event.name} />
      <span className="row-words">
        <span>
          <strong>{event.name ?? person?.display ?? t("line.someone")}</strong>{" "}
          <span className="faint">{t("thread.in", { room: title })}</span>
        </span>
        <span className="row-text">
          <MarkdownLine text={event.text} />
        </span>
      </span>
      <time className="faint">{shortly(event.at, Date.now())}</time>
      {unread && <span className="dot" title={t("rail.unread")} />}
    </button>
  );
}
