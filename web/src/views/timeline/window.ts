/**
 * Which rows of a long list are in the page: a window over their keys that follows the scrolling and
 * survives rows being put in anywhere. Pure; measuring is in `useScroller.ts`.
 */
import { isHole, isLasting } from "./rows.ts";

/** From one key to another; null is the very end of the list. */
export interface Window {
  readonly from: string | null;
  readonly to: string | null;
}

/** Indices into the rows: `start` inclusive, `end` exclusive. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** Rows at the newest end when a list is first shown: about two tall screens. */
const FIRST = 60;
/** Rows added when an end of the window comes near. */
const STEP = 40;
/** Most rows in the page: keeps layout under a frame on a phone. */
const MOST = 180;

/** Where a window lies in the rows as they stand. */
export function rangeOf(window: Window, keys: readonly string[]): Range {
  let end = window.to === null ? keys.length : keys.indexOf(window.to) + 1 || keys.length;
  // The hole below the last row is seen, so that it is filled.
  if (isHole(keys[end])) end += 1;
  const from = window.from === null ? -1 : keys.indexOf(window.from);
  let start = from >= 0 && from < end ? from : Math.max(0, end - FIRST);
  // The day above the first row belongs to it.
  while (start > 0 && !isLasting(keys[start - 1] ?? "")) start -= 1;
  return { start, end };
}

/** The window, wider at its older end, and at most so many rows long. Never reaches over a hole. */
export function older({ start, end }: Range, keys: readonly string[]): Window {
  const first = isHole(keys[start]) ? start : up(start, STEP, keys);
  return named(first, Math.min(end, first + MOST), keys);
}

/** The window, wider at its newer end, and at most so many rows long. Never reaches over a hole. */
export function newer({ start, end }: Range, keys: readonly string[]): Window {
  const last = isHole(keys[end - 1]) ? end - 1 : down(end, STEP, keys);
  return named(Math.max(start, last - MOST), last, keys);
}

/** The newest rows. */
export function newest(keys: readonly string[]): Window {
  return named(up(keys.length, FIRST, keys), keys.length, keys);
}

/** The rows around one. */
export function around(index: number, keys: readonly string[]): Window {
  return named(up(index, STEP, keys), down(index + 1, STEP, keys), keys);
}

/** Whether there are more rows in the page than need be while the newest are looked at. */
export function tooLong({ start, end }: Range): boolean {
  return end - start > MOST + STEP;
}

/** So many rows above an index, or as many as there are below the next hole. */
function up(index: number, count: number, keys: readonly string[]): number {
  let at = index;
  while (at > 0 && index - at < count && !isHole(keys[at - 1])) at -= 1;
  return at;
}

/** So many rows from an index on, or as many as there are above the next hole. */
function down(index: number, count: number, keys: readonly string[]): number {
  let at = index;
  while (at < keys.length && at - index < count && !isHole(keys[at])) at += 1;
  return at;
}

/** Only rows that keep their keys can name an end. */
function named(start: number, end: number, keys: readonly string[]): Window {
  const rows = keys.slice(start, end);
  const to = end >= keys.length ? null : (rows.findLast(isLasting) ?? null);
  return { from: rows.find(isLasting) ?? null, to };
}
