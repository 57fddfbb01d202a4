/** The words of the reconnect machine: what it is told, what it wants, and its states. */
import type { Code, Lease, Refusal } from "../wire/types.ts";

/** Milliseconds of the monotonic clock. */
export type Instant = number;

/** What a client waits for: its turn, an operator who lets nobody in, a server that restarts. */
export type Why = "turn" | "gate" | "drain";

/** What outlives the page, so that a page that is loaded again keeps its place. */
export interface Kept {
  /** No knock before it. */
  readonly notBefore: Instant;
  /** The proof of the place, if the server gave one. */
  readonly slot: string | null;
  readonly why: Why;
  /** The operator's words. */
  readonly message: string | null;
}

/** The bar as the machine sees it; moments are of the monotonic clock. */
export type MachineBar =
  | { readonly state: "live" }
  | { readonly state: "blip" }
  | { readonly state: "reconnecting"; readonly in_sync_until_ms: Instant | null }
  | {
      readonly state: "waiting";
      /** The turn; where a gate is closed, the client asks again then. */
      readonly turn_at_ms: Instant;
      readonly place: number | null;
      readonly why: Why;
      readonly message: string | null;
      /** The turn was told to be sooner. */
      readonly later: boolean;
      readonly in_sync_until_ms: Instant | null;
    }
  | { readonly state: "offline"; readonly in_sync_until_ms: Instant | null }
  | { readonly state: "read_only" }
  | { readonly state: "partial" }
  | { readonly state: "back"; readonly since_ms: Instant | null }
  | { readonly state: "sign_in"; readonly code: Code }
  | { readonly state: "reload"; readonly code: Code };

/** What the machine is told. `random` is evenly distributed over 32 bits. */
export type Input =
  | { readonly kind: "start" | "stop" | "offline" | "visible" | "hidden" | "woke" | "try_now" }
  | { readonly kind: "opened" | "caught_up" | "heard" }
  | { readonly kind: "online" | "closed" | "tick"; readonly random: number }
  | { readonly kind: "welcome" | "pong"; readonly lease: Lease }
  | {
      readonly kind: "parked";
      readonly place: number;
      readonly wait_ms: number;
      readonly message?: string;
    }
  | {
      readonly kind: "refuse" | "goodbye";
      readonly refusal: Refusal;
      readonly slot?: string;
      readonly random: number;
    }
  /** What a page before this one was told; before `start`. */
  | {
      readonly kind: "kept";
      readonly slot?: string;
      readonly wait_ms: number;
      readonly why: Why;
      readonly message?: string;
    }
  /** Another page of the account is to wait for so long; null: it is in. */
  | {
      readonly kind: "elsewhere";
      readonly wait_ms: number | null;
      readonly why: Why;
      readonly message?: string;
      readonly random: number;
    }
  | { readonly kind: "shed"; readonly on: boolean }
  | { readonly kind: "writes"; readonly paused: boolean };

/** What the machine wants done. */
export type Output =
  | { readonly kind: "open" }
  | { readonly kind: "hello"; readonly resume: boolean; readonly slot?: string }
  | { readonly kind: "close" }
  | { readonly kind: "ping"; readonly n: number; readonly hidden: boolean }
  | ({ readonly kind: "bar" } & MachineBar);

/** The state of the connection. */
export type Connection =
  | { readonly name: "stopped" }
  /** No socket. `at` is the next attempt, none while offline; `turn`: the server set it. */
  | { readonly name: "idle"; readonly at: Instant | null; readonly turn: boolean }
  | { readonly name: "connecting"; readonly until: Instant }
  | {
      readonly name: "greeting";
      readonly until: Instant;
      readonly parked: { readonly turnAt: Instant; readonly place: number } | null;
    }
  | {
      readonly name: "live";
      readonly lease: Lease;
      readonly heard: Instant;
      readonly pingAt: Instant;
      /** When the ping was sent that nothing has followed yet. */
      readonly asked: Instant | null;
      readonly caughtUp: boolean;
    }
  | { readonly name: "refused"; readonly bar: MachineBar };
