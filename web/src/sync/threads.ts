/** The threads that are looked at: fetches their lines, marks them as read, follows them. */
import type { RoomId, Seq } from "../wire/types.ts";
import type { Http } from "./http.ts";
import { threadKey } from "./model.ts";
import { Refused } from "./refused.ts";
import type { ThreadLog } from "./roomLog.ts";
import type { Rooms } from "./rooms.ts";

export interface ThreadsWorld {
  readonly rooms: Rooms;
  readonly http: Http;
  /** The page is visible and has the focus. */
  readonly attentive: () => boolean;
  readonly changed: (room: RoomId) => void;
}

export class Threads {
  readonly #world: ThreadsWorld;
  #shown: { readonly room: RoomId; readonly root: Seq } | null = null;
  /** The last reply that the server was told of, by thread. */
  readonly #told = new Map<ThreadLog, Seq>();
  /** The threads that are followed, by key; null: not asked for yet. */
  #followed: Promise<Set<string>> | null = null;

  constructor(world: ThreadsWorld) {
    this.#world = world;
  }

  /** The thread comes on the screen. */
  open(room: RoomId, root: Seq): void {
    this.#shown = { room, root };
    const thread = this.#world.rooms.all.get(room)?.thread(root);
    this.#world.changed(room);
    if (thread === undefined) return;
    this.#load(room, thread).then(
      () => this.readInView(room, root),
      (thrown: unknown) => Refused.from(thrown),
    );
    if (thread.followed === null) void this.#learnFollowed(room, thread);
  }

  /** Something came into a room: it is read if it is in the thread that is looked at. */
  heard(room: RoomId): void {
    if (this.#shown?.room === room) this.readInView(room, this.#shown.root);
  }

  /** One's own answer follows the thread. */
  answered(room: RoomId, root: Seq): void {
    this.#setFollowed(room, root, true);
  }

  close(): void {
    this.#shown = null;
  }

  /** In sync again, or a hole was seen: what is on the screen is brought up to date. */
  refresh(): void {
    if (this.#shown === null) return;
    const { room, root } = this.#shown;
    const thread = this.#world.rooms.all.get(room)?.thread(root);
    if (thread !== undefined) this.#load(room, thread).catch(Refused.from);
  }

  async loadBefore(room: RoomId, root: Seq): Promise<void> {
    const thread = this.#world.rooms.all.get(room)?.thread(root);
    const first = thread?.log.spans[0];
    if (thread === undefined || first === undefined || first.from <= 1 || thread.loading) return;
    await this.#page(room, thread, { before: first.from });
  }

  async follow(room: RoomId, root: Seq, on: boolean): Promise<void> {
    await this.#world.http.follow(room, root, on);
    this.#setFollowed(room, root, on);
  }

  /** The end of a thread is in view. */
  readInView(room: RoomId, root: Seq): void {
    const log = this.#world.rooms.all.get(room);
    const thread = log?.threads.get(root);
    const line = thread?.log.lines.at(-1);
    const last = line?.seq ?? 0;
    if (thread === undefined || !this.#world.attentive()) return;
    if (last <= root || line?.from === log?.me || (this.#told.get(thread) ?? 0) >= last) return;
    this.#told.set(thread, last);
    this.#world.http.readThread(room, root, last).catch(() => this.#told.delete(thread));
  }

  async #learnFollowed(room: RoomId, thread: ThreadLog): Promise<void> {
    this.#followed ??= this.#world.http
      .threads()
      .then((all) => new Set(all.map((one) => threadKey(one.room, one.root.seq))));
    try {
      const followed = await this.#followed;
      thread.followed ??= followed.has(threadKey(room, thread.root));
      this.#world.changed(room);
    } catch {
      // It is asked again with the next thread.
      this.#followed = null;
    }
  }

  #setFollowed(room: RoomId, root: Seq, on: boolean): void {
    const thread = this.#world.rooms.all.get(room)?.thread(root);
    if (thread !== undefined) thread.followed = on;
    // What was learnt is out of date.
    this.#followed = null;
    this.#world.changed(room);
  }

  async #load(room: RoomId, thread: ThreadLog): Promise<void> {
    const log = this.#world.rooms.all.get(room);
    if (log === undefined || thread.loading) return;
    const complete = thread.log.spans.length > 0 && thread.log.knows(log.at.seq) === "live";
    if (!complete || thread.log.at(thread.root) === null) await this.#page(room, thread, {});
  }

  async #page(room: RoomId, thread: ThreadLog, query: { before?: Seq }): Promise<void> {
    thread.loading = true;
    this.#world.changed(room);
    try {
      await this.#world.rooms.page(room, { ...query, thread: thread.root }, thread);
      if (thread.log.at(thread.root) === null) {
        thread.log.place(await this.#world.http.line(room, thread.root));
      }
    } catch (thrown) {
      // Unreachable: it is asked for again once in sync.
      if (!Refused.from(thrown).unreachable) throw thrown;
    } finally {
      thread.loading = false;
      this.#world.changed(room);
    }
  }
}
