/** The threads that are looked at: fetches their lines, marks them as read, follows them. */
import type { RoomId, Seq } from "../wire/types.ts";
import type { Http } from "./http.ts";
import { Refused } from "./refused.ts";
import type { ThreadLog } from "./roomLog.ts";
import type { Rooms } from "./rooms.ts";

export interface ThreadsWorld {
  readonly rooms: Rooms;
  readonly http: Http;
  readonly changed: (room: RoomId) => void;
}

export class Threads {
  readonly #world: ThreadsWorld;
  #shown: { readonly room: RoomId; readonly root: Seq } | null = null;
  /** The last reply that the server was told of, by thread. */
  readonly #told = new Map<ThreadLog, Seq>();

  constructor(world: ThreadsWorld) {
    this.#world = world;
  }

  /** The thread comes on the screen. */
  open(room: RoomId, root: Seq): void {
    this.#shown = { room, root };
    const thread = this.#world.rooms.all.get(room)?.thread(root);
    this.#world.changed(room);
    if (thread !== undefined) void this.#load(room, thread);
  }

  close(): void {
    this.#shown = null;
  }

  /** In sync again, or a hole was seen: what is on the screen is brought up to date. */
  refresh(): void {
    if (this.#shown === null) return;
    const { room, root } = this.#shown;
    const thread = this.#world.rooms.all.get(room)?.thread(root);
    if (thread !== undefined) void this.#load(room, thread);
  }

  async loadBefore(room: RoomId, root: Seq): Promise<void> {
    const thread = this.#world.rooms.all.get(room)?.thread(root);
    const first = thread?.log.spans[0];
    if (thread === undefined || first === undefined || first.from <= 1 || thread.loading) return;
    await this.#page(room, thread, { before: first.from });
  }

  async follow(room: RoomId, root: Seq, on: boolean): Promise<void> {
    const thread = this.#world.rooms.all.get(room)?.thread(root);
    await this.#world.http.follow(room, root, on);
    if (thread !== undefined) thread.followed = on;
    this.#world.changed(room);
  }

  /** The end of a thread is in view. */
  read(room: RoomId, root: Seq): void {
    const thread = this.#world.rooms.all.get(room)?.threads.get(root);
    const last = thread?.log.lines.at(-1)?.seq ?? 0;
    if (thread === undefined || last <= root || this.#told.get(thread) === last) return;
    this.#told.set(thread, last);
    this.#world.http.readThread(room, root, last).catch(() => this.#told.delete(thread));
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
