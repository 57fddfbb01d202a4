/** Turns what the machines know into what the views render. Pure. */
import type { AccountId, Person, RoomId } from "../wire/types.ts";
import { unreadOf } from "./marks.ts";
import type { Attention, Line, OutboxEntry, Room, Sections, Thread } from "./model.ts";
import type { RoomLog, ThreadLog } from "./roomLog.ts";

type People = ReadonlyMap<AccountId, Person>;

/** A room as it is shown. */
export function shownRoom(
  id: RoomId,
  room: RoomLog,
  people: People,
  outbox: readonly OutboxEntry[],
): Room {
  const { summary, main, at } = room;
  const pins = main.lines.filter((line) => line.kind === "message" && line.pinned === true);
  const items = room.timeline.items({
    position: at.seq,
    me: room.me,
    keys: room.keys,
    outbox,
    filling: room.filling,
    belongs: ({ draft }) =>
      draft.kind === "message" && (draft.thread == null || draft.also_room === true),
  });
  return {
    id,
    summary,
    title: titleOf(room, people),
    unread: unreadOf(summary, main.lines, room.me),
    items,
    at: room.opened ? at : null,
    asOf: room.asOf,
    moreBefore: (main.spans[0]?.from ?? 1) > 1,
    loadingBefore: room.loadingBefore,
    newAfter: room.newAfter,
    members: room.members,
    pins: pins.map((line) => line.seq),
    changedAt: room.changedAt,
  };
}

/** A thread as it is shown. */
export function shownThread(
  id: RoomId,
  room: RoomLog,
  thread: ThreadLog,
  outbox: readonly OutboxEntry[],
): Thread {
  const items = thread.timeline.items({
    position: room.at.seq,
    me: room.me,
    keys: room.keys,
    outbox,
    filling: room.filling,
    belongs: ({ draft }) => draft.kind === "message" && draft.thread === thread.root,
  });
  const isRoot = (item: (typeof items)[number]): item is Line =>
    item.kind === "line" && item.event.seq === thread.root;
  return {
    room: id,
    root: thread.root,
    first: items.find(isRoot) ?? null,
    items: items.filter((item) => !isRoot(item)),
    moreBefore: (thread.log.spans[0]?.from ?? 1) > thread.root + 1,
    loading: thread.loading,
    followed: thread.followed,
  };
}

/** The rooms in the order of the list. */
export function sectionsOf(rooms: ReadonlyMap<RoomId, Room>, before: Sections): Sections {
  const all = [...rooms.values()];
  const byTitle = (a: Room, b: Room) => a.title.localeCompare(b.title);
  const byTime = (a: Room, b: Room) => b.summary.last_at - a.summary.last_at || b.id - a.id;
  const ids = (list: Room[]) => list.map((room) => room.id);
  const open = all.filter((room) => room.summary.archived !== true);
  const plain = open.filter((room) => room.summary.favourite !== true);
  const next: Sections = {
    favourite: ids(open.filter((room) => room.summary.favourite === true).sort(byTitle)),
    rooms: ids(plain.filter((room) => room.summary.room_kind !== "direct").sort(byTitle)),
    direct: ids(plain.filter((room) => room.summary.room_kind === "direct").sort(byTime)),
    archived: ids(all.filter((room) => room.summary.archived === true).sort(byTitle)),
  };
  return JSON.stringify(next) === JSON.stringify(before) ? before : next;
}

/** What wants this person, over all rooms. */
export function attentionOf(rooms: ReadonlyMap<RoomId, Room>, before: Attention): Attention {
  let count = 0;
  let bold = false;
  for (const { unread, summary } of rooms.values()) {
    if (unread.muted || summary.archived === true) continue;
    count += unread.count;
    bold ||= unread.bold;
  }
  return count === before.count && bold === before.bold ? before : { count, bold };
}

/** What to call a room: its name, or the people of a direct one. */
function titleOf(room: RoomLog, people: People): string {
  const { name, room_kind, with: others = [] } = room.summary;
  if (room_kind !== "direct") return name;
  const ids = others.length > 0 ? others : [room.me];
  return ids.map((id) => people.get(id)?.display ?? "…").join(", ");
}
