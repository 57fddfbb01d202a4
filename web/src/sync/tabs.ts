/**
 * The other pages of the same account in this browser: which of them live, and telling them what
 * changed on the device. Where the browser has no locks, every page thinks it is alone, which is safe:
 * the server takes each nonce once.
 */

import type { AccountId, Millis } from "../wire/types.ts";
import type { DraftText } from "./model.ts";
import type { Why } from "./reconnectWords.ts";

/** What a page waits for. */
export interface Waits {
  /** Until then, by the wall clock; null: it is in. */
  readonly until: Millis | null;
  readonly why: Why;
  /** The operator's words. */
  readonly message: string | null;
}

/** What one page tells the others. */
export type Told =
  | { readonly kind: "outbox" }
  | { readonly kind: "draft"; readonly key: string; readonly draft: DraftText | null }
  | { readonly kind: "gone" }
  /** The server has this page wait. */
  | ({ readonly kind: "waits" } & Waits)
  | { readonly kind: "signed_in" }
  | { readonly kind: "signed_out" };

export interface Tabs {
  /** This page. */
  readonly id: string;
  readonly tell: (what: Told) => void;
  /** Hears what the others tell. */
  readonly hear: (listener: (what: Told) => void) => void;
  /** The pages that live, this one among them; null: nobody can say. */
  readonly alive: () => Promise<ReadonlySet<string> | null>;
  /** Runs something while no other page does. */
  readonly alone: (run: () => Promise<void>) => Promise<void>;
  readonly close: () => void;
}

/** The pages of this browser. */
export function browserTabs(account: AccountId, id: string): Tabs {
  const prefix = `leeward-${account}-page-`;
  const channel = "BroadcastChannel" in globalThis ? new BroadcastChannel(prefix) : null;
  const locks: LockManager | null = globalThis.navigator?.locks ?? null;
  let release: () => void = () => {};
  const held = new Promise<void>((done) => {
    release = done;
  });
  // Held for as long as the page lives: its name is how the others know.
  void locks?.request(prefix + id, () => held);
  return {
    id,
    tell: (what) => channel?.postMessage(what),
    hear: (listener) => {
      channel?.addEventListener("message", (event: MessageEvent<Told>) => listener(event.data));
    },
    alive: async () => {
      if (locks === null) return null;
      const { held: all = [] } = await locks.query();
      const names = all.map((lock) => lock.name ?? "");
      const ids = names.filter((name) => name.startsWith(prefix));
      return new Set([id, ...ids.map((name) => name.slice(prefix.length))]);
    },
    alone: async (run) => {
      if (locks === null) await run();
      else await locks.request(`${prefix}alone`, run);
    },
    close: () => {
      channel?.postMessage({ kind: "gone" } satisfies Told);
      channel?.close();
      release();
    },
  };
}
