/**
 * Unsent text, by room and thread, kept on the device as it is typed so that it survives a reload and
 * a crash, and shared with the other pages of the account.
 */
import type { Millis } from "../wire/types.ts";
import type { Keep } from "./keep.ts";
import type { DraftText } from "./model.ts";
import type { Tabs } from "./tabs.ts";

export interface DraftsWorld {
  readonly keep: Keep;
  readonly tabs: Tabs;
  readonly now: () => Millis;
  readonly later: (run: () => void, ms: number) => void;
  readonly changed: () => void;
}

/** Keys pressed within this time are written to the device together. */
const GATHER_MS = 150;

const NOTHING: Omit<DraftText, "at"> = { text: "", files: [], quote: null, alsoRoom: false };

export class Drafts {
  #all: ReadonlyMap<string, DraftText> = new Map();
  readonly #unkept = new Set<string>();
  readonly #world: DraftsWorld;

  constructor(world: DraftsWorld) {
    this.#world = world;
    world.tabs.hear((what) => {
      if (what.kind === "draft" && !this.#unkept.has(what.key)) this.#set(what.key, what.draft);
    });
  }

  get all(): ReadonlyMap<string, DraftText> {
    return this.#all;
  }

  async start(): Promise<void> {
    const kept = await this.#world.keep.entries("drafts");
    // What was typed while this was being read is the later.
    this.#all = new Map([...kept, ...this.#all]);
    this.#world.changed();
  }

  write(key: string, change: Partial<Omit<DraftText, "at">>): void {
    const draft = { ...NOTHING, ...this.#all.get(key), ...change, at: this.#world.now() };
    const empty = draft.text === "" && draft.files.length === 0 && draft.quote === null;
    this.#set(key, empty ? null : draft);
    if (this.#unkept.has(key)) return;
    this.#unkept.add(key);
    this.#world.later(() => void this.#keep(key), GATHER_MS);
  }

  clear(key: string): void {
    this.#set(key, null);
    void this.#keep(key);
  }

  /** Writes everything down at once: the page is about to go. */
  flush(): void {
    for (const key of this.#unkept) void this.#keep(key);
  }

  #set(key: string, draft: DraftText | null): void {
    const all = new Map(this.#all);
    if (draft === null) all.delete(key);
    else all.set(key, draft);
    this.#all = all;
    this.#world.changed();
  }

  async #keep(key: string): Promise<void> {
    this.#unkept.delete(key);
    const draft = this.#all.get(key) ?? null;
    if (draft === null) await this.#world.keep.drop("drafts", key);
    else await this.#world.keep.put("drafts", key, draft);
    this.#world.tabs.tell({ kind: "draft", key, draft });
  }
}
