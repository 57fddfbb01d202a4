/**
 * What has been typed and may not have reached the store on the device yet, where the browser writes
 * at once: a page that is reloaded or dies waits for no transaction. Holds only what is on its way.
 */
import type { AccountId, Millis } from "../wire/types.ts";
import type { DraftText } from "./model.ts";
import type { World } from "./world.ts";

/** A draft on its way into the store; null: it is to be dropped. */
export interface OnItsWay {
  readonly at: Millis;
  readonly draft: DraftText | null;
}

type Words = Pick<World, "remember" | "remembered">;
type All = Record<string, OnItsWay>;

export class Ahead {
  readonly #words: Words;
  readonly #name: string;

  constructor(words: Words, account: AccountId) {
    this.#words = words;
    this.#name = nameOf(account);
  }

  all(): [string, OnItsWay][] {
    return Object.entries(this.#read());
  }

  note(key: string, entry: OnItsWay): void {
    this.#write({ ...this.#read(), [key]: entry });
  }

  /** The store has what was noted for a key until then. */
  settle(key: string, at: Millis): void {
    const { [key]: noted, ...others } = this.#read();
    if (noted !== undefined && noted.at <= at) this.#write(others);
  }

  #read(): All {
    try {
      return JSON.parse(this.#words.remembered(this.#name) ?? "{}") as All;
    } catch {
      return {};
    }
  }

  #write(all: All): void {
    const empty = Object.keys(all).length === 0;
    this.#words.remember(this.#name, empty ? null : JSON.stringify(all));
  }
}

/** Forgets what was on its way for an account. */
export function forgetAhead(words: Words, account: AccountId): void {
  words.remember(nameOf(account), null);
}

function nameOf(account: AccountId): string {
  return `leeward.drafts.${account}`;
}
