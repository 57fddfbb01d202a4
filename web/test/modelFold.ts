/**
 * What a room's log means, computed from the whole log each time and by other code than the client's:
 * the other voice in every comparison.
 */
import type { Event, Message, Reaction, Seq } from "../src/wire/types.ts";

/** The lines of a room with their state at a position. */
export function linesAt(log: readonly Event[], at: Seq): Event[] {
  const upTo = log.filter((event) => event.seq <= at);
  return upTo.filter((event) => !isChange(event)).map((line) => stateOf(line, upTo));
}

/** Whether a line is in the room's own timeline. */
export function isInRoom(event: Event): boolean {
  return event.kind !== "message" || event.thread === undefined || event.also_room === true;
}

function isChange(event: Event): boolean {
  return ["edit", "delete", "react", "pin"].includes(event.kind);
}

function stateOf(line: Event, log: readonly Event[]): Event {
  if (line.kind !== "message") return line;
  const { seq, at, from, nonce, kind } = line;
  const message: Message = { text: line.text };
  if (line.thread !== undefined) message.thread = line.thread;
  if (line.also_room === true) message.also_room = true;
  if (line.quote !== undefined) message.quote = line.quote;
  const reactions: Reaction[] = [];
  for (const event of log) {
    if (event.kind === "message" && event.thread === seq) {
      const count = (message.replies?.count ?? 0) + 1;
      message.replies = { count, last: event.seq, last_at: event.at };
    }
    if (!("target" in event) || event.target !== seq || message.deleted) continue;
    if (event.kind === "edit") {
      message.text = event.text;
      message.edited_at = event.at;
    } else if (event.kind === "pin") {
      message.pinned = event.on;
    } else if (event.kind === "react") {
      put(reactions, event.emoji, event.from, event.on);
    } else if (event.kind === "delete") {
      message.deleted = true;
    }
  }
  if (message.deleted) {
    message.text = "";
    for (const gone of ["quote", "edited_at", "pinned"] as const) delete message[gone];
  } else if (reactions.length > 0) {
    message.reactions = reactions;
  }
  if (message.pinned === false) delete message.pinned;
  return { seq, at, from, nonce, kind, ...message } as Event;
}

function put(reactions: Reaction[], emoji: string, who: number, on: boolean): void {
  let known = reactions.find((reaction) => reaction.emoji === emoji);
  if (known === undefined && on) {
    known = { emoji, by: [] };
    reactions.push(known);
  }
  if (known === undefined) return;
  known.by = known.by.filter((other) => other !== who || on);
  if (on && !known.by.includes(who)) known.by.push(who);
  if (known.by.length === 0) reactions.splice(reactions.indexOf(known), 1);
}
