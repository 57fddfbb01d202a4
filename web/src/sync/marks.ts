/** What is unread: the bold, the number and the "new" line of one room. Pure. */
import type { AccountId, Event, RoomSummary, Seq } from "../wire/types.ts";
import type { Unread } from "./model.ts";

/** Whether a message is for one: it names one or the room, or the room is direct. */
export function isForMe(event: Event, summary: RoomSummary, me: AccountId): boolean {
  if (event.kind !== "message" || event.from === me) return false;
  if (summary.room_kind === "direct" || event.mentions_room === true) return true;
  return event.mentions?.includes(me) ?? false;
}

/** A room's summary after one more event of its log, as far as the event tells. */
export function summaryAfter(summary: RoomSummary, event: Event, me: AccountId): RoomSummary {
  if (event.seq <= summary.head) return summary;
  const next: RoomSummary = { ...summary, head: event.seq };
  switch (event.kind) {
    case "message":
      // Whoever writes at the end of what they have read has read what they wrote.
      if (event.from === me && summary.read >= summary.last_message) next.read = event.seq;
      next.last_message = event.seq;
      next.last_at = event.at;
      if (event.seq > next.read && isForMe(event, summary, me)) next.mentions++;
      return next;
    case "room": {
      const { room_kind, name, topic, archived, read_only } = event;
      return { ...next, room_kind, name, topic, archived, read_only };
    }
    case "join":
      next.members++;
      if (event.who === me) next.role = event.role;
      return next;
    case "leave":
      next.members = Math.max(0, next.members - 1);
      return next;
    case "role":
      if (event.who === me) next.role = event.role;
      return next;
    default:
      return next;
  }
}

/** A room's summary once it is read up to a seq. */
export function summaryRead(
  summary: RoomSummary,
  seq: Seq,
  lines: readonly Event[],
  me: AccountId,
): RoomSummary {
  if (seq >= summary.last_message) return { ...summary, read: seq, mentions: 0 };
  let mentions = 0;
  for (let i = lines.length - 1; i >= 0; i--) {
    const line = lines[i];
    if (line === undefined || line.seq <= seq) break;
    if (isForMe(line, summary, me)) mentions++;
  }
  return { ...summary, read: seq, mentions };
}

/** What the list shows of a room. */
export function unreadOf(summary: RoomSummary, lines: readonly Event[], me: AccountId): Unread {
  const muted = summary.notify === "none";
  const bold = summary.last_message > summary.read;
  return {
    bold: bold && !muted,
    count: summary.mentions,
    muted,
    first: bold ? firstAfter(lines, summary.read, me) : null,
  };
}

/** The first message of somebody else after a seq, among lines that reach back that far. */
export function firstAfter(lines: readonly Event[], seq: Seq, me: AccountId): Seq | null {
  let found: Seq | null = null;
  for (let i = lines.length - 1; i >= 0; i--) {
    const line = lines[i];
    if (line === undefined) break;
    if (line.seq <= seq) return found;
    if (line.kind === "message" && line.from !== me) found = line.seq;
  }
  return lines[0]?.seq === 1 ? found : null;
}
