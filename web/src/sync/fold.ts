/**
 * What later events do to a message: the same folding as the server's, so that a snapshot and the
 * events after it give what a later snapshot gives. Pure; folding an event twice changes nothing.
 */
import type { Draft, Event, Message, Reaction, Replies, Seq } from "../wire/types.ts";

/** A line that is a message. */
export type MessageEvent = Extract<Event, { kind: "message" }>;

/** Whether an event has a line of its own in a timeline, as opposed to changing another. */
export function isLine(event: Event): boolean {
  switch (event.kind) {
    case "edit":
    case "delete":
    case "react":
    case "pin":
      return false;
    default:
      return true;
  }
}

/** The message that an event changes; null for those that stand for themselves. */
export function targetOf(event: Event): Seq | null {
  switch (event.kind) {
    case "edit":
    case "delete":
    case "react":
    case "pin":
      return event.target;
    default:
      return null;
  }
}

/** Whether a line belongs in the room's own timeline: a reply does only when it is also shown there. */
export function inRoom(event: Event): boolean {
  return event.kind !== "message" || event.thread === undefined || event.also_room === true;
}

/** The message that starts the thread an event is a reply in. */
export function threadOf(event: Event): Seq | null {
  return event.kind === "message" ? (event.thread ?? null) : null;
}

/** `line` after `change`, which has it as its target. The same object when nothing differs. */
export function fold(line: Event, change: Event): Event {
  if (line.kind !== "message" || line.deleted === true) return line;
  switch (change.kind) {
    case "edit": {
      if (line.text === change.text && line.edited_at === change.at) return line;
      return withoutEmpty({
        ...line,
        text: change.text,
        edited_at: change.at,
        mentions: change.mentions,
      });
    }
    case "delete":
      return tombstone(line);
    case "react":
      return react(line, change.emoji, change.from, change.on);
    case "pin":
      if ((line.pinned === true) === change.on) return line;
      return change.on ? { ...line, pinned: true } : without(line, "pinned");
    default:
      return line;
  }
}

/** `root` after a reply in its thread. */
export function foldReply(root: Event, reply: Event): Event {
  if (root.kind !== "message") return root;
  const known = root.replies;
  if (known !== undefined && known.last >= reply.seq) return root;
  const replies: Replies = {
    count: (known?.count ?? 0) + 1,
    last: reply.seq,
    last_at: reply.at,
  };
  return { ...root, replies };
}

/** The event that a draft will be, as its author sees it at once. */
export function foreseen(draft: Draft, from: number, at: number): Event {
  const event = { seq: 0, at, from };
  switch (draft.kind) {
    case "message": {
      const message: MessageEvent = { ...event, kind: "message", text: draft.text };
      if (draft.thread != null) message.thread = draft.thread;
      if (draft.also_room === true) message.also_room = true;
      if (draft.quote != null) message.quote = draft.quote;
      return message;
    }
    case "edit":
      return { ...event, kind: "edit", target: draft.target, text: draft.text, mentions: [] };
    case "delete":
      return { ...event, kind: "delete", target: draft.target };
    case "react":
      return {
        ...event,
        kind: "react",
        target: draft.target,
        emoji: draft.emoji,
        on: draft.on,
      };
    case "pin":
      return { ...event, kind: "pin", target: draft.target, on: draft.on };
  }
}

/** What is left of a message that was taken back: its place, its author and its thread. */
function tombstone(line: MessageEvent): Event {
  const { seq, at, from, nonce, thread, also_room, replies, name } = line;
  return defined({
    seq,
    at,
    from,
    nonce,
    kind: "message",
    text: "",
    thread,
    also_room,
    name,
    replies,
    deleted: true,
  });
}

function react(line: MessageEvent, emoji: string, who: number, on: boolean): Event {
  const reactions = line.reactions ?? [];
  const known = reactions.find((reaction) => reaction.emoji === emoji);
  if ((known?.by.includes(who) ?? false) === on) return line;
  let next: Reaction[];
  if (known === undefined) {
    next = [...reactions, { emoji, by: [who] }];
  } else {
    const by = on ? [...known.by, who] : known.by.filter((other) => other !== who);
    next = reactions
      .map((reaction) => (reaction === known ? { emoji, by } : reaction))
      .filter((reaction) => reaction.by.length > 0);
  }
  return next.length > 0 ? { ...line, reactions: next } : without(line, "reactions");
}

function withoutEmpty(line: MessageEvent): Event {
  return (line.mentions ?? []).length > 0 ? line : without(line, "mentions");
}

function without(line: MessageEvent, field: keyof Message): Event {
  const { [field]: _, ...rest } = line;
  return rest as Event;
}

/** Drops the fields that are undefined, so that equal states are equal values. */
function defined(line: { [K in keyof MessageEvent]: MessageEvent[K] | undefined }): Event {
  return Object.fromEntries(
    Object.entries(line).filter(([, value]) => value !== undefined),
  ) as unknown as Event;
}
