/**
 * Emoji by their short names. The data is a chunk of its own that is fetched when somebody first
 * needs it; until then names stay as they were typed.
 */
import { useEffect, useSyncExternalStore } from "react";

export interface Emoji {
  readonly char: string;
  readonly names: readonly string[];
  readonly group: string;
}

export interface EmojiBook {
  readonly all: readonly Emoji[];
  readonly byName: ReadonlyMap<string, Emoji>;
  readonly byChar: ReadonlyMap<string, Emoji>;
}

let book: EmojiBook | null = null;
let loading: Promise<void> | null = null;
const listeners = new Set<() => void>();

/** Fetches the names unless they are here already. */
export function loadEmoji(): Promise<void> {
  loading ??= import("./data.ts").then(
    ({ DATA }) => {
      book = open(DATA);
      for (const listener of listeners) listener();
    },
    () => {
      loading = null;
    },
  );
  return loading;
}

/** The names, once they are here; asks for them when `wanted`. */
export function useEmoji(wanted: boolean): EmojiBook | null {
  useEffect(() => {
    if (wanted) void loadEmoji();
  }, [wanted]);
  return useSyncExternalStore(subscribe, emojiBook);
}

/** The names if they are here. */
export function emojiBook(): EmojiBook | null {
  return book;
}

/** Emoji whose names begin with, or else contain, what was typed. */
export function findEmoji(from: EmojiBook, typed: string, limit: number): Emoji[] {
  const wanted = typed.toLowerCase();
  const scored: [number, Emoji][] = [];
  for (const emoji of from.all) {
    const best = Math.min(...emoji.names.map((name) => score(name, wanted)));
    if (best < 3) scored.push([best, emoji]);
  }
  return scored
    .sort((a, b) => a[0] - b[0])
    .slice(0, limit)
    .map(([, emoji]) => emoji);
}

function score(name: string, wanted: string): number {
  if (name === wanted) return 0;
  if (name.startsWith(wanted)) return 1;
  return name.includes(wanted) ? 2 : 3;
}

function open(data: readonly (readonly [string, string])[]): EmojiBook {
  const all = data.flatMap(([group, rows]) =>
    rows.split("|").map((row) => {
      const [char = "", ...names] = row.split(" ");
      return { char, names, group };
    }),
  );
  return {
    all,
    byName: new Map(all.flatMap((emoji) => emoji.names.map((name) => [name, emoji] as const))),
    byChar: new Map(all.map((emoji) => [emoji.char, emoji] as const)),
  };
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
}
