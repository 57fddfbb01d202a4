/**
 * The scrolling of a list of messages: what is looked at stays where it is whatever is put in above,
 * below or between; at the newest end, the newest stays in view.
 */
import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";
import { isLasting } from "./rows.ts";
import {
  around,
  newer,
  newest,
  older,
  type Range,
  rangeOf,
  tooLong,
  type Window,
} from "./window.ts";

/** This near to the newest end counts as being there, in CSS pixels. */
const END_PX = 48;
/** So near to an end of the window, more rows are put in, in CSS pixels. */
const NEAR_PX = 900;

export interface Scroller {
  readonly ref: RefObject<HTMLDivElement | null>;
  readonly range: Range;
  /** The newest row is in view. */
  readonly atEnd: boolean;
  readonly toEnd: () => void;
  /** Brings a row into view. False: it is not in the list. */
  readonly toRow: (key: string, where: "third" | "top") => boolean;
  readonly onScroll: () => void;
}

interface Options {
  readonly keys: readonly string[];
  /** The row to begin at; null: the newest. Read once. */
  readonly beginAt: string | null;
  /** The oldest row is near. */
  readonly nearStart: () => void;
  /** After every scrolling and every change. */
  readonly looked: (scroller: HTMLDivElement, atEnd: boolean) => void;
}

export function useScroller({ keys, beginAt, nearStart, looked }: Options): Scroller {
  const ref = useRef<HTMLDivElement>(null);
  const [window, setWindow] = useState<Window>(() => begin(keys, beginAt));
  const [atEnd, setAtEnd] = useState(true);
  const sticks = useRef(beginAt === null);
  const anchor = useRef<{ readonly key: string; readonly top: number } | null>(null);
  const wanted = useRef<{ readonly key: string; readonly where: "third" | "top" } | null>(
    beginAt === null ? null : { key: beginAt, where: "third" },
  );
  const range = rangeOf(window, keys);

  const look = useCallback(() => {
    const box = ref.current;
    if (box === null) return;
    const below = box.scrollHeight - box.scrollTop - box.clientHeight;
    const there = below < END_PX && range.end === keys.length;
    sticks.current = there;
    setAtEnd(there);
    anchor.current = firstInView(box);
    if (box.scrollTop < NEAR_PX) {
      if (range.start > 0) setWindow(older(range, keys));
      else nearStart();
    } else if (below < NEAR_PX && range.end < keys.length) {
      setWindow(newer(range, keys));
    } else if (there && tooLong(range)) {
      setWindow(newest(keys));
    }
    looked(box, there);
  }, [range, keys, nearStart, looked]);

  const settle = useCallback(() => {
    const box = ref.current;
    if (box === null) return;
    if (wanted.current !== null) {
      const row = rowOf(box, wanted.current.key);
      if (row !== null) {
        const room = wanted.current.where === "third" ? box.clientHeight / 3 : 12;
        box.scrollTop += row.getBoundingClientRect().top - box.getBoundingClientRect().top - room;
        wanted.current = null;
        sticks.current = false;
      }
    } else if (sticks.current) {
      box.scrollTop = box.scrollHeight;
    } else if (anchor.current !== null) {
      const row = rowOf(box, anchor.current.key);
      const moved = row === null ? 0 : topIn(box, row) - anchor.current.top;
      if (Math.abs(moved) >= 1) box.scrollTop += moved;
    }
  }, []);

  // biome-ignore lint/correctness/useExhaustiveDependencies: a change of what is shown is the reason
  useLayoutEffect(() => {
    settle();
    look();
  }, [keys, range.start, range.end]);

  useEffect(() => {
    const box = ref.current;
    if (box === null) return;
    // Pictures arrive, panels open, the keyboard comes up: sizes change without any rendering.
    const watch = new ResizeObserver(settle);
    watch.observe(box);
    for (const child of box.children) watch.observe(child);
    return () => watch.disconnect();
  }, [settle]);

  const toEnd = useCallback(() => {
    sticks.current = true;
    wanted.current = null;
    setWindow(newest(keys));
    settle();
  }, [keys, settle]);

  const toRow = useCallback(
    (key: string, where: "third" | "top") => {
      const index = keys.indexOf(key);
      if (index < 0) return false;
      wanted.current = { key, where };
      sticks.current = false;
      setWindow(around(index, keys));
      settle();
      return true;
    },
    [keys, settle],
  );

  return { ref, range, atEnd, toEnd, toRow, onScroll: look };
}

function begin(keys: readonly string[], beginAt: string | null): Window {
  const index = beginAt === null ? -1 : keys.indexOf(beginAt);
  return index < 0 ? newest(keys) : around(index, keys);
}

/** The element of a row. */
export function rowOf(box: HTMLElement, key: string): HTMLElement | null {
  return box.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"]`);
}

function topIn(box: HTMLElement, row: HTMLElement): number {
  return row.getBoundingClientRect().top - box.getBoundingClientRect().top;
}

function firstInView(box: HTMLElement): { key: string; top: number } | null {
  const rows = box.querySelectorAll<HTMLElement>("[data-key]");
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const row = rows[middle];
    if (row !== undefined && topIn(box, row) + row.offsetHeight > 0) high = middle;
    else low = middle + 1;
  }
  for (const row of [...rows].slice(low)) {
    const key = row.dataset.key ?? "";
    if (isLasting(key)) return { key, top: topIn(box, row) };
  }
  return null;
}
