/** A list that only one screen shows: fetched when the screen opens, and again when asked. */
import { useCallback, useEffect, useState } from "react";
import type { Listing } from "../sync/model.ts";
import { Refused } from "../sync/refused.ts";

/** `fetch` is kept by the caller (`useCallback`): another one fetches anew. */
export function useFetched<T>(
  fetch: () => Promise<readonly T[]>,
): readonly [Listing<T>, () => void] {
  const [listing, setListing] = useState<Listing<T>>({ items: [], loading: true, why: null });
  const [turn, setTurn] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a turn is a wish to fetch again
  useEffect(() => {
    let wanted = true;
    fetch().then(
      (items) => {
        if (wanted) setListing({ items, loading: false, why: null });
      },
      (thrown: unknown) => {
        if (wanted)
          setListing((old) => ({ ...old, loading: false, why: Refused.from(thrown).refusal }));
      },
    );
    return () => {
      wanted = false;
    };
  }, [fetch, turn]);
  return [listing, useCallback(() => setTurn((n) => n + 1), [])];
}
