/**
 * How far the person has read: marks rooms as read when their end is in view, keeps the "new" line
 * where it was put, and tells the server, at once or when it can be told.
 */
import type { ClientFrame, RoomId, Seq } from "../wire/types.ts";
import type { Keep } from "./keep.ts";
import { summaryRead } from "./marks.ts";
import type { RoomLog } from "./roomLog.ts";

export interface ReadingWorld {
  readonly room: (id: RoomId) => RoomLog | undefined;
  readonly send: (frame: ClientFrame) => boolean;
  readonly keep: Keep;
  /** The page is visible and has the focus. */
  readonly attentive: () => boolean;
  readonly later: (run: () => void, ms: number) => void;
  readonly changed: (room: RoomId) => void;
}

/** A message that is not seen within this time gets the "new" line above it. */
const NOTICE_MS = 1_000;
/** Marks set within this time are sent once. */
const GATHER_MS = 250;

export class Reading {
  readonly #world: ReadingWorld;
  /** Not told to the server yet. */
  readonly #untold = new Map<RoomId, Seq>();
  /** Marked as unread by the person: being in view does not make it read until the room is left. */
  readonly #held = new Set<RoomId>();
  #shown: RoomId | null = null;
  #gathering = false;
  #noticing = false;

  constructor(world: ReadingWorld) {
    this.#world = world;
  }

  async start(): Promise<void> {
    for (const [room, seq] of await this.#world.keep.entries("reads")) {
      if (!this.#untold.has(room)) this.#untold.set(room, seq);
    }
    this.impose();
  }

  /** The room comes on the screen, or none does. */
  show(id: RoomId | null): void {
    if (id === this.#shown) return;
    if (this.#shown !== null) {
      this.#held.delete(this.#shown);
      const left = this.#world.room(this.#shown);
      if (left !== undefined) left.newAfter = null;
    }
    this.#shown = id;
    const room = id === null ? undefined : this.#world.room(id);
    if (id === null || room === undefined) return;
    const { last_message, read } = room.summary;
    room.newAfter = last_message > read ? read : null;
    this.#world.changed(id);
  }

  /** The newest line is in view. */
  readInView(id: RoomId): void {
    if (!this.#world.attentive() || this.#held.has(id)) return;
    const room = this.#world.room(id);
    // The list may know of a message before the room has it: what is not here cannot be in view.
    const { read, last_message } = room?.summary ?? { read: 0, last_message: 0 };
    if (room === undefined || last_message <= read || room.at.seq <= read) return;
    this.#mark(id, room, room.at.seq);
  }

  readAll(id: RoomId): void {
    this.#held.delete(id);
    const room = this.#world.room(id);
    if (room === undefined) return;
    room.newAfter = null;
    if (room.summary.last_message > room.summary.read) this.#mark(id, room, room.at.seq);
    this.#world.changed(id);
  }

  unreadFrom(id: RoomId, seq: Seq): void {
    const room = this.#world.room(id);
    if (room === undefined) return;
    this.#held.add(id);
    room.newAfter = seq - 1;
    this.#mark(id, room, seq - 1);
  }

  /** The person has written at the end of what they have read, and so has read it. */
  spoke(id: RoomId): void {
    const room = this.#world.room(id);
    if (room === undefined || room.summary.read < room.summary.last_message) return;
    this.#mark(id, room, room.summary.read);
  }

  /** Another device has read. */
  told(id: RoomId, seq: Seq, mentions: number): void {
    const room = this.#world.room(id);
    if (room === undefined || this.#untold.has(id)) return;
    room.summary = { ...room.summary, read: seq, mentions };
    this.#world.changed(id);
  }

  /** Somebody wrote in the room on the screen: unless it is seen at once, it is "new". */
  heard(id: RoomId): void {
    if (id !== this.#shown) return;
    const room = this.#world.room(id);
    if (room === undefined || room.newAfter !== null || this.#noticing) return;
    this.#noticing = true;
    const before = room.summary.read;
    this.#world.later(() => {
      this.#noticing = false;
      const { read, last_message } = room.summary;
      if (id !== this.#shown || room.newAfter !== null || read !== before) return;
      if (last_message <= read) return;
      room.newAfter = read;
      this.#world.changed(id);
    }, NOTICE_MS);
  }

  /** The list came from the server, which has not been told of everything. */
  impose(): void {
    for (const [id, seq] of this.#untold) {
      const room = this.#world.room(id);
      if (room === undefined || room.summary.read === seq) continue;
      room.summary = summaryRead(room.summary, seq, room.main.lines, room.me);
      this.#world.changed(id);
    }
  }

  /** The connection is in sync: tells what has not been told. */
  live(): void {
    for (const [room, seq] of [...this.#untold]) {
      if (!this.#world.send({ t: "read", room, seq })) return;
      this.#untold.delete(room);
      void this.#world.keep.drop("reads", room);
    }
  }

  #mark(id: RoomId, room: RoomLog, seq: Seq): void {
    room.summary = summaryRead(room.summary, seq, room.main.lines, room.me);
    this.#untold.set(id, seq);
    void this.#world.keep.put("reads", id, seq);
    this.#world.changed(id);
    if (this.#gathering) return;
    this.#gathering = true;
    this.#world.later(() => {
      this.#gathering = false;
      this.live();
    }, GATHER_MS);
  }
}
