/** What the system says happened in a room, in words. A pure function of its events. */
import { type Key, list, t } from "../../i18n/t.ts";
import type { AccountId, Event, RoomFacts } from "../../wire/types.ts";

/** What to call somebody. */
export type NameOf = (id: AccountId) => string;

/** Longest list of names written out. */
const NAMES_MAX = 5;

/** One sentence for each kind of thing that happened, in order. */
export function sentences(
  events: readonly Event[],
  before: readonly (RoomFacts | null)[],
  nameOf: NameOf,
): string[] {
  const out: string[] = [];
  let i = 0;
  while (i < events.length) {
    const event = events[i];
    if (event === undefined) break;
    let end = i + 1;
    while (end < events.length && joins(event, events[end])) end += 1;
    out.push(sentence(event, before[i] ?? null, names(events.slice(i, end), nameOf), nameOf));
    i = end;
  }
  return out;
}

/** Whether two events are told in one sentence: the same thing, done by the same hand. */
function joins(a: Event, b: Event | undefined): boolean {
  if (b === undefined || a.kind !== b.kind) return false;
  if (a.kind === "join" && b.kind === "join") {
    return (a.who === a.from) === (b.who === b.from) && (a.who === a.from || a.from === b.from);
  }
  if (a.kind === "leave" && b.kind === "leave") {
    const own = a.who === a.from;
    return own === (b.who === b.from) && a.banned === b.banned && (own || a.from === b.from);
  }
  return false;
}

function names(events: readonly Event[], nameOf: NameOf): string {
  const all = [
    ...new Set(events.map((event) => ("who" in event ? nameOf(event.who) : nameOf(event.from)))),
  ];
  if (all.length <= NAMES_MAX) return list(all);
  const more = all.length - NAMES_MAX + 1;
  return list([...all.slice(0, NAMES_MAX - 1), t("sys.more", { count: more })]);
}

function sentence(event: Event, before: RoomFacts | null, who: string, nameOf: NameOf): string {
  const by = nameOf(event.from);
  switch (event.kind) {
    case "join":
      return event.who === event.from ? t("sys.join_one", { who }) : t("sys.join_by", { by, who });
    case "leave":
      if (event.banned === true) return t("sys.banned", { by, who });
      return event.who === event.from
        ? t("sys.leave_one", { who })
        : t("sys.leave_by", { by, who });
    case "role":
      if (event.role === "muted") return t("sys.muted", { by, who });
      return t("sys.role", {
        by,
        who,
        role: t(event.role === "moderator" ? "sys.role_moderator" : "sys.role_member"),
      });
    case "room":
      return roomSentence(event, before, by);
    default:
      return "";
  }
}

function roomSentence(
  facts: RoomFacts & { seq: number },
  before: RoomFacts | null,
  by: string,
): string {
  if (before === null) return t(facts.seq === 1 ? "sys.created" : "sys.changed", { by });
  const changed = (key: Key, more: Record<string, string> = {}) => t(key, { by, ...more });
  if ((before.archived === true) !== (facts.archived === true)) {
    return changed(facts.archived === true ? "sys.archived" : "sys.unarchived");
  }
  if ((before.read_only === true) !== (facts.read_only === true)) {
    return changed(facts.read_only === true ? "sys.read_only" : "sys.writable");
  }
  if (before.name !== facts.name) return changed("sys.name", { name: `#${facts.name}` });
  if ((before.topic ?? "") !== (facts.topic ?? "")) {
    const topic = facts.topic ?? "";
    return topic === "" ? changed("sys.topic_gone") : changed("sys.topic", { topic });
  }
  return changed("sys.changed");
}
