/**
 * What the list of messages shows, row by row: days, the "new" line, messages with or without their
 * author, and lines of the system with those of one kind gathered. A pure function of the timeline.
 */
import { sameDay } from "../../i18n/clock.ts";
import type { Hole, Item, Line } from "../../sync/model.ts";
import type { Event, RoomFacts, Seq } from "../../wire/types.ts";

export type Row =
  | { readonly kind: "day"; readonly key: string; readonly at: number }
  | { readonly kind: "new"; readonly key: string }
  | { readonly kind: "hole"; readonly key: string; readonly hole: Hole }
  | {
      readonly kind: "message";
      readonly key: string;
      readonly line: Line;
      /** Shows the author: the first of a group. */
      readonly head: boolean;
    }
  | {
      readonly kind: "system";
      readonly key: string;
      readonly lines: readonly Line[];
      /** The room's facts before each of the lines, where they are known. */
      readonly before: readonly (RoomFacts | null)[];
    };

/** A pause longer than this starts a group of its own, in milliseconds. */
const GROUP_MS = 5 * 60_000;
/** Most lines of the system in one row. */
const GATHERED_MAX = 40;

/** The rows of a timeline. `newAfter` is the last seq read when the room was opened. */
export function rows(items: readonly Item[], newAfter: Seq | null): Row[] {
  const out: Row[] = [];
  let last: Line | null = null;
  let facts: RoomFacts | null = null;
  let marked = newAfter === null;
  for (const item of items) {
    if (item.kind === "hole") {
      out.push({ kind: "hole", key: `hole ${item.key}`, hole: item });
      last = null;
      continue;
    }
    const { event } = item;
    if (last === null || !sameDay(last.event.at, event.at)) {
      out.push({ kind: "day", key: `day ${item.key}`, at: event.at });
      last = null;
    }
    if (!marked && newAfter !== null && event.kind === "message" && event.seq > newAfter) {
      out.push({ kind: "new", key: "new" });
      marked = true;
      last = null;
    }
    if (event.kind === "message") {
      out.push({ kind: "message", key: item.key, line: item, head: !follows(last, item) });
    } else {
      gather(out, item, facts);
      if (event.kind === "room") facts = event;
    }
    last = item;
  }
  return out;
}

/** Whether a message continues what the same author said just before. */
function follows(last: Line | null, line: Line): boolean {
  if (last === null || last.event.kind !== "message" || line.event.kind !== "message") return false;
  return (
    last.event.from === line.event.from &&
    last.event.name === line.event.name &&
    last.event.deleted !== true &&
    line.event.at - last.event.at < GROUP_MS &&
    line.event.thread === undefined &&
    last.event.thread === undefined &&
    line.event.quote === undefined
  );
}

/** Puts a line of the system into the row before it if that is one of comings and goings too. */
function gather(out: Row[], line: Line, before: RoomFacts | null): void {
  const row = out.at(-1);
  const gathers = row?.kind === "system" && row.lines.length < GATHERED_MAX;
  if (gathers && isComing(line.event) && row.lines.every((other) => isComing(other.event))) {
    out[out.length - 1] = { ...row, lines: [...row.lines, line], before: [...row.before, before] };
  } else {
    out.push({ kind: "system", key: line.key, lines: [line], before: [before] });
  }
}

function isComing(event: Event): boolean {
  return event.kind === "join" || event.kind === "leave";
}

/** Whether a row keeps its key when others are put in around it: days, holes and the "new" line do not. */
export function isLasting(key: string): boolean {
  return key !== "new" && !key.startsWith("day ") && !isHole(key);
}

/** Whether a row stands for messages that are not here. */
export function isHole(key: string | undefined): boolean {
  return key?.startsWith("hole ") === true;
}

/** The seqs a row stands for, lowest and highest; null for rows that are not events. */
export function span(row: Row): readonly [Seq, Seq] | null {
  switch (row.kind) {
    case "message":
      return [row.line.event.seq, row.line.event.seq];
    case "system":
      return [row.lines[0]?.event.seq ?? 0, row.lines.at(-1)?.event.seq ?? 0];
    case "day":
    case "new":
    case "hole":
      return null;
    default:
      return row satisfies never;
  }
}
