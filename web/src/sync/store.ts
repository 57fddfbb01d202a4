/**
 * A value that can be watched. Changes are visible at once; whoever watches is told once per frame,
 * however many changes there were. Knows nothing of what it holds.
 */

/** Calls `run` soon, once: the next animation frame of a visible page. */
export type Schedule = (run: () => void) => void;

export interface Store<T> {
  /** The value as it stands. The same object until something changes. */
  readonly getState: () => T;
  /** Calls `listener` after changes; the function returned ends that. */
  readonly subscribe: (listener: () => void) => () => void;
  /** Changes some fields. */
  readonly set: (change: Partial<T>) => void;
  /** Says that `refresh`, given at the creation, has something to contribute before the next reading. */
  readonly touch: () => void;
  /** Tells everybody now, without waiting for the frame: after a key press, before the paint. */
  readonly flush: () => void;
}

/**
 * Makes a store.
 *
 * @param initial the first value
 * @param schedule when to tell listeners
 * @param refresh called at most once between a `touch` and the reading that follows it
 */
export function createStore<T extends object>(
  initial: T,
  schedule: Schedule,
  refresh: (state: T) => Partial<T> = () => ({}),
): Store<T> {
  let state = initial;
  let touched = false;
  let scheduled = false;
  const listeners = new Set<() => void>();

  const tell = () => {
    scheduled = false;
    for (const listener of [...listeners]) listener();
  };
  const tellSoon = () => {
    if (scheduled) return;
    scheduled = true;
    schedule(() => {
      if (scheduled) tell();
    });
  };
  return {
    getState: () => {
      if (touched) {
        touched = false;
        state = { ...state, ...refresh(state) };
      }
      return state;
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
    set: (change) => {
      state = { ...state, ...change };
      tellSoon();
    },
    touch: () => {
      touched = true;
      tellSoon();
    },
    flush: () => {
      if (scheduled) tell();
    },
  };
}

/** The schedule of a page: its animation frames, or a timer while it is hidden and has none. */
export function pageSchedule(page: Document, hiddenDelayMs = 250): Schedule {
  return (run) => {
    let done = false;
    const once = () => {
      if (done) return;
      done = true;
      run();
    };
    if (!page.hidden) requestAnimationFrame(once);
    setTimeout(once, hiddenDelayMs);
  };
}
