/**
 * Turns what the machines of a session know into the state that is rendered, building anew only what
 * has changed since it was last asked.
 */
import type { AccountId, RoomId } from "../wire/types.ts";
import { type BarFacts, shownBar } from "./bar.ts";
import type { Drafts } from "./drafts.ts";
import type { Here } from "./here.ts";
import { type Room, type State, type Thread, threadKey } from "./model.ts";
import type { Outbox } from "./outbox.ts";
import type { People } from "./people.ts";
import type { MachineBar } from "./reconnectWords.ts";
import type { Rooms } from "./rooms.ts";
import { attentionOf, sectionsOf, shownRoom, shownThread } from "./shown.ts";
import type { Uploads } from "./uploads.ts";

/** The machines that have something to show. */
export interface Machines {
  readonly me: AccountId;
  readonly rooms: Rooms;
  readonly people: People;
  readonly outbox: Outbox;
  readonly drafts: Drafts;
  readonly uploads: Uploads;
  readonly here: Here;
}

export class Publisher {
  /** What the connection says, by the wall clock. */
  bar: MachineBar = { state: "blip" };
  readonly #of: Machines;
  readonly #rooms = new Set<RoomId>();
  #list = false;

  constructor(of: Machines) {
    this.#of = of;
  }

  touchRoom(id: RoomId): void {
    this.#rooms.add(id);
  }

  touchList(): void {
    this.#list = true;
  }

  refresh(state: State, facts: BarFacts): Partial<State> {
    const { me, people, outbox, drafts, uploads, here } = this.#of;
    const entries = outbox.entries();
    return {
      ...this.#refreshRooms(state),
      me: people.all.get(me) ?? state.me,
      people: people.all,
      outbox: sameItems(state.outbox, entries) ? state.outbox : entries,
      drafts: drafts.all,
      uploads: uploads.all,
      presence: here.presence(),
      typing: here.typists(),
      bar: shownBar(this.bar, facts, state.bar),
    };
  }

  #refreshRooms(state: State): Partial<State> {
    if (this.#rooms.size === 0 && !this.#list) return {};
    const rooms = new Map(state.rooms);
    const threads = new Map(state.threads);
    for (const id of this.#rooms) this.#refreshRoom(id, rooms, threads);
    for (const id of rooms.keys()) if (!this.#of.rooms.all.has(id)) rooms.delete(id);
    this.#rooms.clear();
    this.#list = false;
    return {
      rooms,
      threads,
      sections: sectionsOf(rooms, state.sections),
      attention: attentionOf(rooms, state.attention),
    };
  }

  #refreshRoom(id: RoomId, rooms: Map<RoomId, Room>, threads: Map<string, Thread>): void {
    const room = this.#of.rooms.all.get(id);
    if (room === undefined) return;
    const outbox = this.#of.outbox.entriesOf(id);
    rooms.set(id, shownRoom(id, room, this.#of.people.all, outbox));
    for (const thread of room.threads.values()) {
      threads.set(threadKey(id, thread.root), shownThread(id, room, thread, outbox));
    }
  }
}

function sameItems<T>(a: readonly T[], b: readonly T[]): boolean {
  return a.length === b.length && a.every((item, i) => item === b[i]);
}
