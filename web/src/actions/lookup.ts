/** What actions need to know of the state: the message they are about, and what one may do with it. */
import type { Line, Room, State } from "../sync/model.ts";
import { threadKey } from "../sync/model.ts";
import type { RoomId, Seq } from "../wire/types.ts";

/** A line of a room or of one of its open threads. */
export function lineAt(state: State, room: RoomId, seq: Seq): Line | null {
  const inRoom = find(state.rooms.get(room)?.items ?? [], seq);
  if (inRoom !== null) return inRoom;
  for (const thread of state.threads.values()) {
    if (thread.room !== room) continue;
    if (thread.root === seq) return thread.first;
    const inThread = find(thread.items, seq);
    if (inThread !== null) return inThread;
  }
  return null;
}

/** The last message of one's own that can be edited, in a room or in one of its threads. */
export function lastOwn(state: State, room: RoomId, thread: Seq | null): Line | null {
  const items =
    thread === null
      ? state.rooms.get(room)?.items
      : state.threads.get(threadKey(room, thread))?.items;
  return (
    items?.findLast(
      (item): item is Line =>
        item.kind === "line" && item.state === "stored" && isOwnMessage(state, item),
    ) ?? null
  );
}

/** The room on the screen. */
export function shownRoom(state: State): Room | null {
  return state.place.page === "room" ? (state.rooms.get(state.place.room) ?? null) : null;
}

export function isOwnMessage(state: State, line: Line): boolean {
  return line.event.kind === "message" && !line.event.deleted && line.event.from === state.me?.id;
}

/** Whether one may moderate a room: as its moderator, or any public room by one's role. */
export function moderates(state: State, room: RoomId): boolean {
  const summary = state.rooms.get(room)?.summary;
  if (summary === undefined || summary.room_kind === "direct") return false;
  if (summary.role === "moderator") return true;
  const role = state.me?.role;
  return (
    summary.room_kind === "public" && role !== undefined && !["guest", "member"].includes(role)
  );
}

/** Whether one may write in a room. */
export function mayWrite(state: State, room: RoomId): boolean {
  const summary = state.rooms.get(room)?.summary;
  if (summary === undefined || summary.archived === true) return false;
  const held = summary.role === "muted" || summary.read_only === true;
  return !held || moderates(state, room);
}

export function isAdmin(state: State): boolean {
  return state.me?.role === "admin" || state.me?.role === "owner";
}

export function isMember(state: State): boolean {
  return state.me !== null && state.me.role !== "guest";
}

function find(items: Room["items"], seq: Seq): Line | null {
  const found = items.findLast((item) => item.kind === "line" && item.event.seq === seq);
  return found?.kind === "line" ? found : null;
}
