/**
 * The place in the server's line beyond this page: written where the same tab finds it when it is
 * loaded again, and told to the account's other tabs, so that one account is one knock. Never keeps
 * anything of a client that is in.
 */
import type { AccountId, Millis } from "../wire/types.ts";
import type { Input, Kept, Why } from "./reconnectWords.ts";
import type { Tabs, Waits } from "./tabs.ts";
import type { World } from "./world.ts";

/** What is written down. */
interface Written {
  /** No knock before it, by the wall clock. */
  readonly at: Millis;
  readonly slot: string | null;
  readonly why: Why;
  readonly message: string | null;
  /** The ticket of the session: the place is bound to it. */
  readonly ticket: string | null;
}

/** A wait beyond this is a clock that was set, in milliseconds. */
const WAIT_MS_MAX = 3_600_000;

/** How long a page that asks at its time is left to be answered before another asks, in milliseconds. */
const ANSWERED_MS = 1_000;

export class Line {
  readonly #of: Pick<World, "now" | "wall" | "random"> &
    Pick<World, "remember" | "remembered" | "rememberHere" | "rememberedHere">;
  readonly #tabs: Tabs;
  readonly #key: string;

  constructor(world: World, tabs: Tabs, me: AccountId) {
    this.#of = world;
    this.#tabs = tabs;
    this.#key = `leeward.line.${me}`;
  }

  /** What the machine is to know before it starts, and the ticket that goes with it. */
  restore(): { readonly input: Input | null; readonly ticket: string | null } {
    const written = read<Written>(this.#of.rememberedHere(this.#key));
    if (written === null) return { input: this.#elsewhere(), ticket: null };
    const { at, slot, why, message, ticket } = written;
    const wait_ms = this.#until(at);
    const place = { ...(slot === null ? {} : { slot }), ...(message === null ? {} : { message }) };
    return { input: { kind: "kept", wait_ms, why, ...place }, ticket };
  }

  /** The machine's place has changed; null: there is none to lose. */
  keep(kept: Kept | null, ticket: string | null): void {
    this.#of.rememberHere(this.#key, kept === null ? null : this.#write(kept, ticket));
  }

  /** The server said how long this page is to wait, and what for; null: it is in. */
  told(waitMs: number | null, { why, message }: Pick<Kept, "why" | "message">): void {
    const until = waitMs === null ? null : this.#of.wall() + waitMs;
    const waits: Waits = { until, why, message };
    this.#of.remember(this.#key, until === null ? null : JSON.stringify(waits));
    this.#tabs.tell({ kind: "waits", ...waits });
  }

  /** Another page said what it waits for. */
  heard({ until, why, message }: Waits): Input {
    const wait_ms = until === null ? null : this.#until(until) + ANSWERED_MS;
    const words = message === null ? {} : { message };
    return { kind: "elsewhere", wait_ms, why, ...words, random: this.#of.random() };
  }

  /** Nobody waits any more. */
  forget(): void {
    this.#of.rememberHere(this.#key, null);
    this.#of.remember(this.#key, null);
  }

  #write({ notBefore, slot, why, message }: Kept, ticket: string | null): string {
    const at = Math.round(this.#of.wall() + notBefore - this.#of.now());
    return JSON.stringify({ at, slot, why, message, ticket } satisfies Written);
  }

  /** A page that begins while others wait. */
  #elsewhere(): Input | null {
    const waits = read<Waits>(this.#of.remembered(this.#key));
    return waits !== null && Number(waits.until) > this.#of.wall() ? this.heard(waits) : null;
  }

  #until(at: Millis): number {
    const ms = at - this.#of.wall();
    return ms > WAIT_MS_MAX ? 0 : Math.max(0, Math.ceil(ms));
  }
}

function read<T>(text: string | null): T | null {
  if (text === null) return null;
  try {
    return JSON.parse(text) as T;
  } catch {
    return null;
  }
}
