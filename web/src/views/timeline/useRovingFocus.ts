/**
 * One stop for the tab key in a list of messages; arrows, and J and K by their actions, move from
 * there. The row that has the focus, or had it last, is the stop.
 */
import { type FocusEvent, type KeyboardEvent, type RefObject, useCallback, useEffect } from "react";

const ROW = "article[data-key]";

export function useRovingFocus(ref: RefObject<HTMLDivElement | null>) {
  useEffect(() => {
    const box = ref.current;
    if (box === null) return;
    // Without any stop yet, the newest message is it.
    const watch = new MutationObserver(() => makeStop(box));
    watch.observe(box.firstElementChild ?? box, { childList: true });
    makeStop(box);
    return () => watch.disconnect();
  }, [ref]);

  return useCallback((event: FocusEvent<HTMLElement> | KeyboardEvent<HTMLElement>) => {
    const target = event.target instanceof HTMLElement ? event.target : null;
    const row = target?.closest<HTMLElement>(ROW) ?? null;
    if (row === null) return;
    if (event.type === "focus") {
      for (const other of event.currentTarget.querySelectorAll<HTMLElement>(
        `${ROW}[tabindex="0"]`,
      )) {
        other.tabIndex = -1;
      }
      row.tabIndex = 0;
      return;
    }
    const { key } = event as KeyboardEvent;
    if (target !== row || (key !== "ArrowUp" && key !== "ArrowDown")) return;
    event.preventDefault();
    step(row, key === "ArrowUp" ? -1 : 1);
  }, []);
}

/** Moves the focus to the message above or below the one that has it, or to the newest. */
export function moveFocus(by: 1 | -1): void {
  const row = document.activeElement?.closest<HTMLElement>(ROW) ?? null;
  if (row !== null) {
    step(row, by);
    return;
  }
  const all = document.querySelectorAll<HTMLElement>(`main ${ROW}`);
  all[all.length - 1]?.focus();
}

function step(row: HTMLElement, by: 1 | -1): void {
  let next = by === 1 ? row.nextElementSibling : row.previousElementSibling;
  while (next !== null && !next.matches(ROW)) {
    next = by === 1 ? next.nextElementSibling : next.previousElementSibling;
  }
  if (!(next instanceof HTMLElement)) return;
  next.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
}

function makeStop(box: HTMLElement): void {
  if (box.querySelector(`${ROW}[tabindex="0"]`) !== null) return;
  const all = box.querySelectorAll<HTMLElement>(ROW);
  const last = all[all.length - 1];
  if (last !== undefined) last.tabIndex = 0;
}
