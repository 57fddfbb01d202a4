/**
 * What has been written here and is not in its room yet. A draft gets its nonce and is kept on the
 * device before it is sent; it goes out in order, room by room, and again with the same nonce until the
 * server has answered. The server takes a nonce once, so whatever is repeated is stored once.
 */
import type {
  ClientFrame,
  Draft,
  FileRef,
  Millis,
  Nonce,
  Refusal,
  RoomId,
  Seq,
  ServerFrame,
} from "../wire/types.ts";
import type { Keep, KeptEntry } from "./keep.ts";
import type { OutboxEntry, SendState } from "./model.ts";
import type { Tabs } from "./tabs.ts";

/** Nonces that are remembered after they were seen in their rooms. */
const SEEN_MAX = 256;

/** What the outbox needs of the rest of the client. */
export interface OutboxWorld {
  readonly keep: Keep;
  readonly tabs: Tabs;
  readonly nonce: () => Nonce;
  readonly now: () => Millis;
  /** Sends a frame if the connection is in sync; false: it is not. */
  readonly send: (frame: ClientFrame) => boolean;
  /** Up to where a room is known. */
  readonly position: (room: RoomId) => Seq;
  readonly later: (run: () => void, ms: number) => void;
  /** The entries differ, as far as a room is concerned. */
  readonly changed: (room: RoomId) => void;
  /** The server cannot write for the moment, or can again. */
  readonly paused: (paused: boolean) => void;
  /** Something small was refused that is not worth an entry in a list. */
  readonly dropped: (refusal: Refusal) => void;
}

interface Entry {
  readonly kept: KeptEntry;
  readonly state: SendState;
  readonly why: Refusal | null;
  readonly seq: Seq | null;
  readonly shown: OutboxEntry;
}

/** A refusal that does not say when to come back. */
const RETRY_MS = 2_000;
/** A page that goes has let go of its locks after this. */
const GONE_MS = 1_500;
/** While there are entries of other pages, this often it is looked whether those live. */
const LOOK_MS = 15_000;

export class Outbox {
  readonly #world: OutboxWorld;
  readonly #entries = new Map<Nonce, Entry>();
  /** What was seen in its room last: what is read of the device may be older. */
  readonly #seen = new Set<Nonce>();
  /** On their way on this connection. */
  readonly #flying = new Set<Nonce>();
  /** Not on the device yet, so not to be sent yet. */
  readonly #unkept = new Set<Nonce>();
  /** Rooms in which the server wants a pause. */
  readonly #resting = new Set<RoomId>();
  #order = 0;
  #watching = false;

  constructor(world: OutboxWorld) {
    this.#world = world;
    world.tabs.hear((what) => {
      if (what.kind === "outbox") void this.reload();
      // A page that says so is gone only a moment later.
      if (what.kind === "gone") world.later(() => void this.adopt(), GONE_MS);
    });
  }

  /** All entries, in the order of writing. */
  entries(): readonly OutboxEntry[] {
    return this.#inOrder().map((entry) => entry.shown);
  }

  entriesOf(room: RoomId): readonly OutboxEntry[] {
    return this.#inOrder(room).map((entry) => entry.shown);
  }

  /** How many wait to be sent. */
  waiting(): number {
    let count = 0;
    for (const entry of this.#entries.values()) if (entry.state === "sending") count++;
    return count;
  }

  /** Reads what is kept, and takes over what pages that are gone have left. */
  async start(): Promise<void> {
    await this.reload();
    await this.adopt(true);
  }

  post(room: RoomId, draft: Draft, files: readonly FileRef[] = []): Nonce {
    const { now, nonce, tabs } = this.#world;
    this.#order = Math.max(this.#order + 1, now() * 1_000);
    const kept: KeptEntry = {
      nonce: nonce(),
      room,
      draft,
      files,
      at: now(),
      order: this.#order,
      owner: tabs.id,
      failed: null,
    };
    this.#unkept.add(kept.nonce);
    this.#set(kept, "sending");
    void this.#keep(kept).then(() => {
      this.#unkept.delete(kept.nonce);
      this.#pump(room);
    });
    return kept.nonce;
  }

  /** Sends again what was refused. */
  retry(nonce: Nonce): void {
    const entry = this.#entries.get(nonce);
    if (entry?.state !== "failed") return;
    if (entry.why?.code === "conflict") {
      // Its nonce may stand for something else for ever; under it, this was never stored.
      this.post(entry.kept.room, entry.kept.draft, entry.kept.files);
      this.#remove(nonce);
      return;
    }
    const kept = { ...entry.kept, owner: this.#world.tabs.id, failed: null };
    this.#set(kept, "sending");
    void this.#keep(kept);
    this.#pump(kept.room);
  }

  discard(nonce: Nonce): void {
    if (this.#entries.get(nonce)?.state === "failed") this.#remove(nonce);
  }

  /** The connection is in sync: everything goes out. */
  live(): void {
    this.#flying.clear();
    for (const room of this.#rooms()) this.#pump(room);
  }

  /** The connection is gone, and with it what was on its way. */
  lost(): void {
    this.#flying.clear();
  }

  /** Takes the frames that answer a post. */
  frame(frame: ServerFrame): void {
    if (frame.t === "posted") this.#posted(frame.nonce, frame.seq);
    else if (frame.t === "refused" && frame.nonce !== undefined) this.#refused(frame.nonce, frame);
  }

  /** The event of a draft is in its room's log here. True: this page wrote it. */
  settled(nonce: Nonce): boolean {
    const own = this.#entries.get(nonce)?.kept.owner === this.#world.tabs.id;
    this.#remove(nonce);
    this.#seen.add(nonce);
    for (const oldest of this.#seen) {
      if (this.#seen.size <= SEEN_MAX) break;
      this.#seen.delete(oldest);
    }
    return own;
  }

  /** A room has been brought up to a position: what was stored up to there is in it. */
  reached(room: RoomId, seq: Seq): void {
    for (const { kept, seq: place } of this.#inOrder(room)) {
      if (place !== null && place <= seq) this.#remove(kept.nonce);
    }
  }

  /** Reads what the other pages have changed. */
  async reload(): Promise<void> {
    const kept = await this.#world.keep.all("outbox");
    const listed = new Set(kept.map((entry) => entry.nonce));
    for (const { kept: known } of [...this.#entries.values()]) {
      const foreign = known.owner !== this.#world.tabs.id;
      if (foreign && !listed.has(known.nonce)) this.#forget(known.nonce);
    }
    for (const entry of kept) {
      const known = this.#entries.get(entry.nonce);
      if (known?.kept.owner === this.#world.tabs.id) continue;
      // It was read before its page let it go, and is in the room already.
      if (this.#seen.has(entry.nonce)) continue;
      this.#set(entry, entry.failed === null ? "sending" : "failed", entry.failed);
      this.#order = Math.max(this.#order, entry.order);
      this.#watch();
    }
  }

  /** Looks after the entries of other pages: whoever crashes does not say so. */
  #watch(): void {
    if (this.#watching) return;
    this.#watching = true;
    this.#world.later(() => {
      this.#watching = false;
      const { id } = this.#world.tabs;
      if (![...this.#entries.values()].some(({ kept }) => kept.owner !== id)) return;
      void this.adopt();
      this.#watch();
    }, LOOK_MS);
  }

  /** Takes over the entries of pages that are gone; `blind`: of all, where nobody can say who lives. */
  async adopt(blind = false): Promise<void> {
    const { tabs, keep } = this.#world;
    await tabs.alone(async () => {
      const alive = await tabs.alive();
      if (alive === null && !blind) return;
      for (const entry of await keep.all("outbox")) {
        if (entry.owner === tabs.id || alive?.has(entry.owner) === true) continue;
        const mine = { ...entry, owner: tabs.id };
        await keep.put("outbox", mine.nonce, mine);
        this.#set(mine, mine.failed === null ? "sending" : "failed", mine.failed);
      }
    });
    for (const room of this.#rooms()) this.#pump(room);
  }

  /** Sends the first entry of a room that is not stored, unless it is on its way. */
  #pump(room: RoomId): void {
    if (this.#resting.has(room)) return;
    const first = this.#inOrder(room).find(
      ({ kept, state }) => state === "sending" && kept.owner === this.#world.tabs.id,
    );
    if (first === undefined) return;
    const { nonce, draft } = first.kept;
    if (this.#flying.has(nonce) || this.#unkept.has(nonce)) return;
    if (this.#world.send({ t: "post", room, nonce, draft })) this.#flying.add(nonce);
  }

  #posted(nonce: Nonce, seq: Seq): void {
    this.#flying.delete(nonce);
    this.#world.paused(false);
    const entry = this.#entries.get(nonce);
    if (entry === undefined) return;
    // It stays on the device until its event is here: a page that is closed meanwhile asks again.
    this.#set(entry.kept, "sent", null, seq);
    this.reached(entry.kept.room, this.#world.position(entry.kept.room));
    this.#pump(entry.kept.room);
  }

  #refused(nonce: Nonce, { code, message, then, after_ms }: Refusal): void {
    this.#flying.delete(nonce);
    const entry = this.#entries.get(nonce);
    if (entry === undefined) return;
    const { kept } = entry;
    const { room } = kept;
    const why: Refusal = { code, message, then };
    if (then === "retry") {
      if (code === "store_busy" || code === "store_full") this.#world.paused(true);
      this.#resting.add(room);
      this.#world.later(() => {
        this.#resting.delete(room);
        this.#pump(room);
      }, after_ms ?? RETRY_MS);
      return;
    }
    // The connection says what is to be done about these; the message waits for that.
    if (then !== "give_up") return;
    if (kept.draft.kind === "react" || kept.draft.kind === "pin") {
      this.#remove(nonce);
      this.#world.dropped(why);
    } else {
      const failed = { ...kept, failed: why };
      this.#set(failed, "failed", why);
      void this.#keep(failed);
    }
    this.#pump(room);
  }

  #set(
    kept: KeptEntry,
    state: SendState,
    why: Refusal | null = null,
    seq: Seq | null = null,
  ): void {
    const { nonce, room, draft, at, files } = kept;
    const shown: OutboxEntry = { nonce, room, draft, at, state, why, seq, files };
    this.#entries.set(nonce, { kept, state, why, seq, shown });
    this.#world.changed(room);
  }

  #remove(nonce: Nonce): void {
    if (this.#forget(nonce)) void this.#unkeep(nonce);
  }

  #forget(nonce: Nonce): boolean {
    const entry = this.#entries.get(nonce);
    if (entry === undefined) return false;
    this.#entries.delete(nonce);
    this.#flying.delete(nonce);
    this.#world.changed(entry.kept.room);
    this.#pump(entry.kept.room);
    return true;
  }

  async #keep(entry: KeptEntry): Promise<void> {
    await this.#world.keep.put("outbox", entry.nonce, entry);
    // It may have been answered while it was being written.
    if (!this.#entries.has(entry.nonce)) await this.#world.keep.drop("outbox", entry.nonce);
    this.#world.tabs.tell({ kind: "outbox" });
  }

  async #unkeep(nonce: Nonce): Promise<void> {
    await this.#world.keep.drop("outbox", nonce);
    this.#world.tabs.tell({ kind: "outbox" });
  }

  #rooms(): Set<RoomId> {
    return new Set([...this.#entries.values()].map(({ kept }) => kept.room));
  }

  #inOrder(room?: RoomId): Entry[] {
    return [...this.#entries.values()]
      .filter(({ kept }) => room === undefined || kept.room === room)
      .sort((a, b) => a.kept.order - b.kept.order);
  }
}
