/**
 * Which rows of a long list are in the page: a window over their keys that follows the scrolling and
 * survives rows being put in anywhere. Pure; measuring is in `useScroller.ts`.
 */

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
  const end = window.to === null ? keys.length : keys.indexOf(window.to) + 1 || keys.length;
  const from = window.from === null ? -1 : keys.indexOf(window.from);
  const start = from >= 0 && from < end ? from : Math.max(0, end - FIRST);
  return { start, end };
}

/** The window, wider at its older end, and at most so many rows long. */
export function older({ start, end }: Range, keys: readonly string[]): Window {
  const first = Math.max(0, start - STEP);
  return named(first, Math.min(end, first + MOST), keys);
}

/** The window, wider at its newer end, and at most so many rows long. */
export function newer({ start, end }: Range, keys: readonly string[]): Window {
  const last = Math.min(keys.length, end + STEP);
  return named(Math.max(start, last - MOST), last, keys);
}

/** The newest rows. */
export function newest(keys: readonly string[]): Window {
  return named(Math.max(0, keys.length - FIRST), keys.length, keys);
}

/** The rows around one. */
export function around(index: number, keys: readonly string[]): Window {
  return named(Math.max(0, index - STEP), Math.min(keys.length, index + STEP), keys);
}

/** Whether there are more rows in the page than need be while the newest are looked at. */
export function tooLong({ start, end }: Range): boolean {
  return end - start > MOST + STEP;
}

function named(start: number, end: number, keys: readonly string[]): Window {
  return { from: keys[start] ?? null, to: end >= keys.length ? null : (keys[end - 1] ?? null) };
}
