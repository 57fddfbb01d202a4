/**
 * How fast attempts follow one another where the server gave no time: full jitter within a window that
 * doubles with each failure, and never two attempts within a second.
 */
import type { Lease } from "../wire/types.ts";
import type { Instant } from "./reconnectWords.ts";

/** Between two attempts, whatever asks for the second. */
const GAP_MS = 1_000;
/** The window of the first delay after a failure is twice this; each failure doubles it. */
const BACK_OFF_MS = 1_000;
/** The longest window, for a client that has no hint. */
const BACK_OFF_MS_MAX = 60_000;
/** The longest window, in come-back windows. */
const BACK_OFF_SPREADS_MAX = 16;
/** The longest window is at least this, whatever the hint. */
const BACK_OFF_MS_FLOOR = 2_000;
/** The spread for a client that has no hint. */
const SPREAD_MS = 5_000;

export class Pace {
  /** Attempts since the last success that ended without a word. */
  #failures = 0;
  #lastAttempt: Instant | null = null;
  /** The last hint, which outlives the connection. */
  #spreadMs: number | null = null;

  /** An attempt begins. */
  attempt(now: Instant): void {
    this.#lastAttempt = now;
  }

  /** The server has answered, or the person begins anew. */
  answered(): void {
    this.#failures = 0;
  }

  hint(lease: Lease): void {
    this.#spreadMs = lease.spread_ms;
  }

  /** The first moment not before `wish` that is apart from the attempt before. */
  allowed(wish: Instant): Instant {
    return this.#lastAttempt === null ? wish : Math.max(wish, this.#lastAttempt + GAP_MS);
  }

  /** The window after one more failure. */
  backOffMs(): number {
    this.#failures++;
    const spreads = (this.#spreadMs ?? 0) * BACK_OFF_SPREADS_MAX;
    const most =
      this.#spreadMs === null
        ? BACK_OFF_MS_MAX
        : Math.min(BACK_OFF_MS_MAX, Math.max(BACK_OFF_MS_FLOOR, spreads));
    return Math.min(most, BACK_OFF_MS * 2 ** Math.min(this.#failures, 6));
  }

  /** The window over which all who were lost at once come back. */
  spreadMs(): number {
    return this.#spreadMs ?? SPREAD_MS;
  }
}

/** A delay within a window, evenly distributed: `floor(window · random / 2³²)`. */
export function jitter(random: number, windowMs: number): number {
  return Math.floor((windowMs * random) / 2 ** 32);
}
