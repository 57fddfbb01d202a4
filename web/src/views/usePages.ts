/** A long list that only one screen shows: its first page when the screen opens, the others when asked. */
import { useCallback, useEffect, useRef, useState } from "react";
import type { Listing } from "../sync/model.ts";
import { Refused } from "../sync/refused.ts";

/** A page of a list. */
export interface PageOf<T, C> {
  readonly items: readonly T[];
  /** Where the next page begins; null: this is the last. */
  readonly next: C | null;
}

interface Pages<T, C> extends Listing<T> {
  readonly next: C | null;
}

/** What makes a list grow at its beginning while it is looked at. */
export interface Grows<T> {
  /** Another value: there may be more. */
  readonly with: number;
  /** Tells the items apart. */
  readonly key: (item: T) => string;
}

/** What comes within this time is fetched together. */
const GATHER_MS = 1_000;

/** `fetch` is kept by the caller (`useCallback`): another one begins anew. */
export function usePages<T, C>(
  fetch: (before: C | null) => Promise<PageOf<T, C>>,
  grows?: Grows<T>,
): readonly [Listing<T>, (() => void) | null] {
  const [pages, setPages] = useState<Pages<T, C>>({
    items: [],
    loading: true,
    why: null,
    next: null,
  });
  // What comes of an earlier `fetch`, or to a screen that was left, is dropped.
  const wanted = useRef(fetch);
  const turn = useCallback(
    (before: C | null) => {
      const current = () => wanted.current === fetch;
      setPages((old) => ({ ...old, loading: true }));
      fetch(before).then(
        ({ items, next }) => {
          if (!current()) return;
          setPages((old) => ({
            items: before === null ? items : [...old.items, ...items],
            loading: false,
            why: null,
            next,
          }));
        },
        (thrown: unknown) => {
          if (!current()) return;
          setPages((old) => ({ ...old, loading: false, why: Refused.from(thrown).refusal }));
        },
      );
    },
    [fetch],
  );
  useEffect(() => {
    wanted.current = fetch;
    turn(null);
  }, [fetch, turn]);
  const seen = useRef(grows?.with);
  const latest = useRef(grows);
  latest.current = grows;
  const gathering = useRef(false);
  useEffect(() => {
    if (seen.current === grows?.with || gathering.current) return;
    gathering.current = true;
    setTimeout(() => {
      gathering.current = false;
      const { current } = latest;
      if (wanted.current !== fetch || current === undefined) return;
      seen.current = current.with;
      fetch(null).then(
        ({ items }) => {
          if (wanted.current !== fetch) return;
          setPages((old) => {
            const known = new Set(old.items.map(current.key));
            const fresh = items.filter((item) => !known.has(current.key(item)));
            return fresh.length === 0 ? old : { ...old, items: [...fresh, ...old.items] };
          });
        },
        // What was fetched before is shown meanwhile; the next thing that happens asks again.
        () => undefined,
      );
    }, GATHER_MS);
  }, [fetch, grows?.with]);
  const { next, loading } = pages;
  return [pages, next === null || loading ? null : () => turn(next)];
}
