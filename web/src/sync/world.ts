/** Everything outside of the client library that it needs: given in, so that tests bring their own. */
import type { AccountId, Millis } from "../wire/types.ts";
import type { Socket } from "./connection.ts";
import type { Fetch } from "./http.ts";
import type { Keep } from "./keep.ts";
import type { Note } from "./notifications.ts";
import type { Instant } from "./reconnectWords.ts";
import type { Schedule } from "./store.ts";
import type { Tabs } from "./tabs.ts";

/** What happens to a page. */
export type PageEvent =
  | "visible"
  | "hidden"
  | "online"
  | "offline"
  /** The device slept. */
  | "woke"
  /** The person does something, after a while of nothing. */
  | "active"
  /** Nothing was done for a while. */
  | "idle"
  /** The page may be gone the next moment. */
  | "leaving";

export interface PageWorld {
  /** The path with its fragment. */
  readonly path: () => string;
  readonly push: (path: string) => void;
  readonly replace: (path: string) => void;
  /** Calls back when the person goes back or forward. */
  readonly onPath: (listener: () => void) => void;
  readonly on: (listener: (event: PageEvent) => void) => void;
  readonly visible: () => boolean;
  readonly online: () => boolean;
  /** Visible, and with the focus. */
  readonly attentive: () => boolean;
}

export interface World {
  readonly build: string;
  /** What to call this device in the list of sessions. */
  readonly device: string;
  readonly openSocket: () => Socket;
  readonly fetch: Fetch;
  /** The monotonic clock, which also counts time asleep. */
  readonly now: () => Instant;
  /** The wall clock. */
  readonly wall: () => Millis;
  /** Evenly distributed over 32 bits. */
  readonly random: () => number;
  readonly timer: (run: () => void, ms: number) => () => void;
  readonly schedule: Schedule;
  readonly openKeep: (account: AccountId) => Promise<Keep>;
  readonly forgetKeep: (account: AccountId) => Promise<void>;
  readonly tabs: (account: AccountId) => Tabs;
  /** A few words that outlive the page: who was signed in, where they were. */
  readonly remember: (key: string, value: string | null) => void;
  readonly remembered: (key: string) => string | null;
  /** A few words that outlive the page in its own tab only: its place in the server's line. */
  readonly rememberHere: (key: string, value: string | null) => void;
  readonly rememberedHere: (key: string) => string | null;
  readonly page: PageWorld;
  readonly notify: {
    readonly permission: () => "granted" | "denied" | "default" | "unsupported";
    readonly ask: () => Promise<void>;
    /** Shows a note; `open` goes to what it is about. */
    readonly show: (note: Note, open: () => void) => void;
  };
}
