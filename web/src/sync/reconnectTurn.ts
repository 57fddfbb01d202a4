/**
 * What the server has said of when this client is let in: the time before which it does not knock, the
 * slot that proves it, and the words that the bar shows meanwhile. A later word replaces an earlier
 * one, the slot excepted: one that was given is presented until the client is in.
 */
import { CODES } from "../wire/codes.ts";
import type { Code, Refusal } from "../wire/types.ts";
import { jitter } from "./reconnectPace.ts";
import type { Input, Instant, Kept, Why } from "./reconnectWords.ts";

/** A turn told so much later than it was first is told as that. */
const LATER_MS = 5_000;
/** For so long, a client is kept from knocking by what another client of the account heard. */
const BORROWED_MS_MAX = 60_000;

export class Turn {
  why: Why = "turn";
  /** The operator's words. */
  message: string | null = null;
  slot: string | null = null;
  #notBefore: Instant | null = null;
  /** The soonest that was told in this wait. */
  #soonest: Instant | null = null;
  /** Since when this client goes by what another one heard. */
  #borrowed: Instant | null = null;

  /**
   * A refusal or a goodbye gave a time. Returns when to knock: at the time, where a slot came with it,
   * as slots are apart already; else within a quarter of the wait after it.
   */
  given(
    now: Instant,
    refusal: Refusal & { readonly after_ms: number },
    slot: string | null,
    random: number,
  ): Instant {
    const { code, message, after_ms } = refusal;
    const turnAt = now + after_ms;
    this.why = whyOf(code);
    // The table's words are for logs; any others are the operator's.
    this.message = this.why !== "turn" && message !== CODES[code].meaning ? message : null;
    this.slot = slot ?? this.slot;
    this.#notBefore = turnAt;
    this.#borrowed = null;
    this.#told(turnAt);
    return turnAt + jitter(random, slot === null ? Math.floor(after_ms / 4) : 0);
  }

  /**
   * The client waits on its own connection. Should that be lost, it may ask at once: the server keeps
   * the place of whoever comes back as the same.
   */
  parked(now: Instant, turnAt: Instant, message: string | null): void {
    this.#notBefore = now;
    this.why = "turn";
    this.message = message;
    this.#borrowed = null;
    this.#told(turnAt);
  }

  /** What a page before this one was told. */
  restore(kept: Kept): void {
    this.why = kept.why;
    this.message = kept.message;
    this.slot = kept.slot;
    this.#notBefore = kept.notBefore;
    this.#borrowed = null;
    this.#told(kept.notBefore);
  }

  /** Another client of the account was told to wait for so long. True: this one waits as well. */
  borrow(now: Instant, waitMs: number, of: Extract<Input, { kind: "elsewhere" }>): boolean {
    if (this.#borrowed === null && this.isAhead(now)) return false;
    this.#borrowed ??= now;
    const turnAt = now + waitMs + jitter(of.random, Math.floor(waitMs / 4));
    const until = Math.min(turnAt, this.#borrowed + BORROWED_MS_MAX);
    if (until <= now) return false;
    this.#notBefore = until;
    this.why = of.why;
    this.message = of.message ?? null;
    return true;
  }

  /** That other client is in. True: this one waited for it. */
  release(): boolean {
    if (this.#borrowed === null) return false;
    this.#borrowed = null;
    this.#notBefore = null;
    return true;
  }

  /** The client is in. */
  over(): void {
    this.why = "turn";
    this.message = null;
    this.slot = null;
    this.#notBefore = null;
    this.#soonest = null;
    this.#borrowed = null;
  }

  /** The first moment not before `wish` at which the server may be asked. */
  allowed(wish: Instant): Instant {
    return Math.max(wish, this.#notBefore ?? wish);
  }

  /** The time given is yet to come. */
  isAhead(now: Instant): boolean {
    return this.#notBefore !== null && now < this.#notBefore;
  }

  /** The server has put the turn off since it first told it. */
  isLater(turnAt: Instant): boolean {
    return this.#soonest !== null && this.#soonest + LATER_MS < turnAt;
  }

  /** What is worth keeping for a page after this one; nothing that was borrowed. */
  kept(): Kept | null {
    if (this.#notBefore === null || (this.#borrowed !== null && this.slot === null)) return null;
    const { slot, why, message } = this;
    return { notBefore: this.#notBefore, slot, why, message };
  }

  /** A closed gate gives a time to ask again, which promises nothing. */
  #told(turnAt: Instant): void {
    this.#soonest = this.why === "gate" ? null : Math.min(turnAt, this.#soonest ?? turnAt);
  }
}

function whyOf(code: Code): Why {
  return code === "gate" || code === "drain" ? code : "turn";
}
