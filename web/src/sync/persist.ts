/**
 * Writes what is known to the device, a while after it changed and before the page goes, and reads it
 * back before any network is asked. Keeps the rooms that were looked at last.
 */
import type { Millis, Person, RoomId } from "../wire/types.ts";
import type { Keep, KeptAccount, KeptRoom, KeptThread } from "./keep.ts";
import type { RoomLog } from "./roomLog.ts";

export interface PersistWorld {
  readonly keep: Keep;
  readonly now: () => Millis;
  readonly later: (run: () => void, ms: number) => void;
  readonly room: (id: RoomId) => RoomLog | undefined;
  /** The account as it stands; null: not known yet. */
  readonly account: () => KeptAccount | null;
}

const GATHER_MS = 1_000;
/** The account, which may be large, is written this often at most. */
const ACCOUNT_MS = 5_000;
/** What has never been written is written sooner: without it, there is nothing to open with. */
const FIRST_MS = 50;
/** Rooms kept for reading offline. */
const ROOMS_MAX = 40;
/** Lines kept of each: some ten screens. */
const LINES_MAX = 300;
/** People kept of a large workspace. */
export const PEOPLE_MAX = 2_000;

/** What was kept on the device. */
export interface Kept {
  readonly account: KeptAccount | null;
  readonly rooms: readonly KeptRoom[];
  readonly threads: readonly KeptThread[];
}

export class Persist {
  readonly #world: PersistWorld;
  readonly #rooms = new Set<RoomId>();
  readonly #usedAt = new Map<RoomId, Millis>();
  #account = false;
  #gathering = false;
  #stopped = false;
  #accountAt: Millis = Number.NEGATIVE_INFINITY;
  /** The account has been written. */
  #written = false;
  readonly #writtenRooms = new Set<RoomId>();

  constructor(world: PersistWorld) {
    this.#world = world;
  }

  /** The account or its list of rooms differs. */
  accountChanged(): void {
    this.#account = true;
    this.#gather();
  }

  roomChanged(id: RoomId): void {
    this.#rooms.add(id);
    this.#account = true;
    this.#gather();
  }

  /** A room is on the screen: it is kept before others. */
  used(id: RoomId): void {
    this.#usedAt.set(id, this.#world.now());
    this.roomChanged(id);
  }

  /** What was kept, the room used last first. */
  async read(): Promise<Kept> {
    const [account, rooms, threads] = await Promise.all([
      this.#world.keep.one("account", "account"),
      this.#world.keep.all("rooms"),
      this.#world.keep.all("threads"),
    ]);
    rooms.sort((a, b) => b.usedAt - a.usedAt);
    for (const room of rooms) this.#usedAt.set(room.id, room.usedAt);
    return { account: account ?? null, rooms, threads };
  }

  /** Writes everything down at once. */
  async flush(): Promise<void> {
    this.#accountAt = Number.NEGATIVE_INFINITY;
    await this.#write();
  }

  async #write(): Promise<void> {
    if (this.#stopped) return;
    const now = this.#world.now();
    const due = now >= this.#accountAt + ACCOUNT_MS;
    const account = this.#account && due ? this.#world.account() : null;
    if (account !== null) {
      this.#account = false;
      this.#accountAt = now;
    }
    const rooms = [...this.#rooms];
    this.#rooms.clear();
    const writes = rooms.map((id) => this.#writeRoom(id));
    if (account !== null) this.#written = true;
    if (this.#account && !due) this.#gather();
    if (account !== null) writes.push(this.#world.keep.put("account", "account", account));
    await Promise.all(writes);
    await this.#prune();
  }

  stop(): void {
    this.#stopped = true;
  }

  async #writeRoom(id: RoomId): Promise<void> {
    const room = this.#world.room(id);
    if (room === undefined) {
      await this.#drop(id);
      return;
    }
    if (!room.opened) return;
    const now = this.#world.now();
    const usedAt = this.#usedAt.get(id) ?? now;
    this.#usedAt.set(id, usedAt);
    this.#writtenRooms.add(id);
    await this.#world.keep.put("rooms", id, {
      id,
      at: room.at,
      ...room.main.tail(LINES_MAX),
      members: room.members,
      asOf: room.asOf ?? now,
      usedAt,
    });
    for (const { root, log } of room.threads.values()) {
      if (log.lines.length === 0) continue;
      const kept = { room: id, root, at: room.at, ...log.tail(LINES_MAX), usedAt };
      await this.#world.keep.put("threads", [id, root], kept);
    }
  }

  /** Drops a room with its threads. */
  async #drop(id: RoomId): Promise<void> {
    this.#usedAt.delete(id);
    await this.#world.keep.drop("rooms", id);
    for (const { room, root } of await this.#world.keep.all("threads")) {
      if (room === id) await this.#world.keep.drop("threads", [room, root]);
    }
  }

  async #prune(): Promise<void> {
    if (this.#usedAt.size <= ROOMS_MAX) return;
    const byUse = [...this.#usedAt].sort(([, a], [, b]) => b - a);
    for (const [id] of byUse.slice(ROOMS_MAX)) await this.#drop(id);
  }

  #gather(): void {
    if (this.#gathering) return;
    this.#gathering = true;
    const fresh = !this.#written || [...this.#rooms].some((id) => this.#isFresh(id));
    this.#world.later(
      () => {
        this.#gathering = false;
        void this.#write();
      },
      fresh ? FIRST_MS : GATHER_MS,
    );
  }

  #isFresh(id: RoomId): boolean {
    return this.#usedAt.has(id) && !this.#writtenRooms.has(id);
  }
}

/** The people worth keeping. */
export function keptPeople(people: ReadonlyMap<number, Person>): Person[] {
  return [...people.values()].slice(0, PEOPLE_MAX);
}
