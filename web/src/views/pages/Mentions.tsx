/** The messages that name one, wherever they are, latest first. */
import { useCallback, useMemo } from "react";
import { openRoom } from "../../actions/openRoom.ts";
import { shortly } from "../../i18n/clock.ts";
import { t } from "../../i18n/t.ts";
import type { Room } from "../../sync/model.ts";
import type { AccountId, Event, RoomId } from "../../wire/types.ts";
import { MarkdownLine } from "../markdown/Markdown.tsx";
import { Avatar } from "../parts/Avatar.tsx";
import { HereOnly } from "../parts/HereOnly.tsx";
import { Listed } from "../parts/Listed.tsx";
import { usePerson } from "../people.ts";
import { useClient, usePerform, useStore } from "../useApp.ts";
import { usePages } from "../usePages.ts";

/** While the bar says so, the server tells nothing. */
const AWAY: readonly string[] = ["reconnecting", "waiting", "offline"];

interface Mention {
  readonly room: RoomId;
  readonly event: Event;
}

export function Mentions() {
  const client = useClient();
  const me = useStore((state) => state.me?.id ?? 0);
  const rooms = useStore((state) => state.rooms);
  const inSync = useStore((state) => !AWAY.includes(state.bar.state));
  // biome-ignore lint/correctness/useExhaustiveDependencies: more may be there after having been away
  const fetch = useCallback(
    async (before: string | null) => {
      const { mentions, next } = await client.http.mentions(before);
      return { items: mentions, next: next ?? null };
    },
    [client, inSync],
  );
  const named = useMemo(
    () => [...rooms.values()].reduce((sum, { summary }) => sum + summary.mentions, 0),
    [rooms],
  );
  const [fetched, more] = usePages(fetch, { with: named, key });
  const away = fetched.why !== null && fetched.items.length === 0;
  const here = useMemo(() => (away ? mentionsHere(rooms, me) : []), [away, rooms, me]);
  const mentions = away ? here : fetched.items;
  return (
    <>
      <HereOnly why={fetched.why} words={t("mentions.here")} />
      <Listed listing={{ ...fetched, items: mentions, why: null }} empty={t("mentions.none")} />
      <ul className="rows">
        {mentions.map((mention) => (
          <li key={key(mention)}>
            <MentionRow mention={mention} />
          </li>
        ))}
      </ul>
      {more !== null && (
        <button type="button" className="button" onClick={more}>
          {t("mentions.more")}
        </button>
      )}
    </>
  );
}

function key({ room, event }: Mention): string {
  return `${room} ${event.seq}`;
}

/** Those among the messages on this device. */
function mentionsHere(rooms: ReadonlyMap<RoomId, Room>, me: AccountId): Mention[] {
  const all = [...rooms.values()].flatMap((room) =>
    room.items.flatMap((item) => {
      if (item.kind !== "line" || item.event.kind !== "message" || item.event.from === me)
        return [];
      const { mentions, mentions_room } = item.event;
      const named = mentions?.includes(me) === true || mentions_room === true;
      return named ? [{ room: room.id, event: item.event }] : [];
    }),
  );
  return all.sort((a, b) => b.event.at - a.event.at);
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
