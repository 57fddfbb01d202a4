/**
 * Unsent text, by room and thread, kept on the device as it is typed so that it survives a reload and
 * a crash, and shared with the other pages of the account.
 */
import type { Millis } from "../wire/types.ts";
import type { Ahead } from "./ahead.ts";
import type { Keep } from "./keep.ts";
import type { DraftText } from "./model.ts";
import type { Tabs } from "./tabs.ts";

export interface DraftsWorld {
  readonly keep: Keep;
  readonly ahead: Ahead;
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
    const { keep, ahead, changed } = this.#world;
    const all = new Map(await keep.entries("drafts"));
    const onTheirWay = ahead.all();
    for (const [key, { at, draft }] of onTheirWay) {
      if (at < (all.get(key)?.at ?? 0)) continue;
      if (draft === null) all.delete(key);
      else all.set(key, draft);
    }
    // What was typed while this was being read is the later.
    this.#all = new Map([...all, ...this.#all]);
    for (const [key] of onTheirWay) void this.#keep(key);
    changed();
  }

  write(key: string, change: Partial<Omit<DraftText, "at">>): void {
    const draft = { ...NOTHING, ...this.#all.get(key), ...change, at: this.#world.now() };
    const empty = draft.text === "" && draft.files.length === 0 && draft.quote === null;
    this.#set(key, empty ? null : draft);
    this.#world.ahead.note(key, { at: draft.at, draft: empty ? null : draft });
    if (this.#unkept.has(key)) return;
    this.#unkept.add(key);
    this.#world.later(() => void this.#keep(key), GATHER_MS);
  }

  clear(key: string): void {
    this.#set(key, null);
    this.#world.ahead.note(key, { at: this.#world.now(), draft: null });
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
    const { keep, ahead, tabs, now } = this.#world;
    this.#unkept.delete(key);
    const at = now();
    const draft = this.#all.get(key) ?? null;
    if (draft === null) await keep.drop("drafts", key);
    else await keep.put("drafts", key, draft);
    if ((this.#all.get(key) ?? null) === draft) ahead.settle(key, at);
    tabs.tell({ kind: "draft", key, draft });
  }
}
