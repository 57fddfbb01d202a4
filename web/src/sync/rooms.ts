/**
 * All rooms of the account: takes the frames that are about them, and asks for what is missing. A hole
 * in a room's seq means its state is asked for again; nothing is shown as complete that is not.
 */
import type {
  AccountId,
  AccountState,
  ClientFrame,
  Event,
  Millis,
  Nonce,
  Position,
  RoomId,
  RoomSummary,
  Seq,
  ServerFrame,
  Snapshot,
} from "../wire/types.ts";
import type { Page } from "./answers.ts";
import { threadOf } from "./fold.ts";
import type { PageQuery } from "./http.ts";
import { Refused } from "./refused.ts";
import { RoomLog, type ThreadLog } from "./roomLog.ts";
import { echoKey } from "./timeline.ts";

/** What the rooms need of the rest of the client. */
export interface RoomsWorld {
  /** Sends a frame if the connection is live; false: it is not. */
  readonly send: (frame: ClientFrame) => boolean;
  readonly lines: (room: RoomId, query: PageQuery) => Promise<Page>;
  readonly summaries: () => Promise<readonly RoomSummary[]>;
  /** People who are named somewhere and should be known. */
  readonly want: (ids: Iterable<AccountId>) => void;
  /** One's own draft came back in its room's log. True: it was written on this page. */
  readonly settled: (nonce: Nonce) => boolean;
  /** What was written on this page is at the end of its room. */
  readonly spoke: (room: RoomId) => void;
  /** Somebody said something: live, or while catching up. */
  readonly heard: (room: RoomLog, event: Event, live: boolean) => void;
  /** A room differs, or the list of rooms (null). */
  readonly changed: (room: RoomId | null) => void;
  readonly now: () => Millis;
}

const PAGE_LINES = 60;
/** Pages that arrive too old are asked for again so often. */
const ATTEMPTS_MAX = 3;

export class Rooms {
  readonly all = new Map<RoomId, RoomLog>();
  readonly me: AccountId;
  readonly #world: RoomsWorld;
  /** Rooms whose state has been asked for on this connection, with the events that cannot wait for it. */
  readonly #opening = new Map<RoomId, Event[]>();
  readonly #refreshing = new Set<RoomId>();
  shown: RoomId | null = null;
  #live = false;
  #counting = false;
  /** Rooms in which more was missed since the connection was lost than has been sent. */
  readonly gaps = new Set<RoomId>();

  constructor(me: AccountId, world: RoomsWorld) {
    this.me = me;
    this.#world = world;
  }

  /** Where each room stands, for the hello. */
  positions(): [RoomId, number, Seq][] {
    return [...this.all].map(([id, room]) => [id, room.at.epoch, room.at.seq]);
  }

  /** The connection is live, or it is not. */
  setLive(live: boolean): void {
    this.#live = live;
    if (!live) {
      this.#opening.clear();
      for (const room of this.all.values()) room.asOf ??= this.#world.now();
    } else {
      for (const room of this.all.values()) if (room.opened) room.asOf = null;
      if (this.shown !== null) this.open(this.shown);
    }
    for (const id of this.all.keys()) this.#world.changed(id);
  }

  /** The whole list, from the server or from the device. */
  account(state: Pick<AccountState, "rooms">): void {
    const listed = new Set(state.rooms.map((summary) => summary.id));
    for (const id of [...this.all.keys()]) if (!listed.has(id)) this.all.delete(id);
    for (const summary of state.rooms) this.learn(summary);
    this.#world.changed(null);
  }

  learn(summary: RoomSummary): void {
    const known = this.all.get(summary.id);
    if (known === undefined) this.all.set(summary.id, new RoomLog(summary, this.me));
    else known.listed(summary);
    this.#world.want(summary.with ?? []);
    this.#world.changed(summary.id);
    this.#world.changed(null);
    if (known === undefined && this.shown === summary.id) this.open(summary.id);
  }

  forget(room: RoomId): void {
    this.all.delete(room);
    this.#world.changed(null);
  }

  /** Takes the frames that are about the content of rooms. */
  frame(frame: ServerFrame): void {
    switch (frame.t) {
      case "account":
        this.account(frame);
        break;
      case "account_room":
        this.learn(frame.room);
        break;
      case "account_room_gone":
        this.forget(frame.room);
        break;
      case "delta":
        this.#delta(frame.room, frame.epoch, frame.events);
        break;
      case "gap":
        this.#gap(frame.room, frame.head);
        break;
      case "event":
        this.#event(frame.room, frame.event);
        break;
      case "snapshot":
        this.#snapshot(frame);
        break;
      default:
        break;
    }
  }

  /** The room comes on the screen. */
  open(id: RoomId): void {
    this.shown = id;
    const room = this.all.get(id);
    if (room === undefined || !this.#live) return;
    const { seq } = room.at;
    if (!room.opened || (seq > 0 && room.main.knows(seq) !== "live")) this.#ask(id);
  }

  async loadBefore(id: RoomId): Promise<void> {
    const room = this.all.get(id);
    const first = room?.main.spans[0];
    if (room === undefined || first === undefined || first.from <= 1 || room.loadingBefore) return;
    room.loadingBefore = true;
    this.#world.changed(id);
    try {
      await this.page(id, { before: first.from });
    } finally {
      room.loadingBefore = false;
      this.#world.changed(id);
    }
  }

  async fillHole(id: RoomId, before: Seq): Promise<void> {
    const room = this.all.get(id);
    if (room === undefined || room.filling.has(before)) return;
    room.filling.add(before);
    this.#world.changed(id);
    try {
      await this.page(id, { before });
    } finally {
      room.filling.delete(before);
      this.#world.changed(id);
    }
  }

  /** Whether the line at `seq` is in the room's own timeline, once the lines around it are there. */
  async loadAround(id: RoomId, seq: Seq): Promise<boolean> {
    const room = this.all.get(id);
    if (room === undefined) return false;
    if (room.main.knows(seq) === "no") await this.page(id, { around: seq });
    return room.main.at(seq) !== null;
  }

  /** Fetches again what is in view and may have changed since. */
  inView(id: RoomId, from: Seq, to: Seq): void {
    const room = this.all.get(id);
    if (room === undefined || !this.#live || this.#refreshing.has(id)) return;
    const stale = [to, from].find((seq) => room.main.knows(seq) === "stale");
    if (stale === undefined) return;
    this.#refreshing.add(id);
    void this.page(id, { around: stale })
      .catch((thrown: unknown) => Refused.from(thrown))
      .finally(() => this.#refreshing.delete(id));
  }

  /** Fetches a page and merges it. */
  async page(id: RoomId, query: PageQuery, thread: ThreadLog | null = null): Promise<void> {
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      const page = await this.#world.lines(id, { limit: PAGE_LINES, ...query });
      const room = this.all.get(id);
      if (room === undefined) return;
      this.meet(page.lines);
      if (room.page(page, query, thread)) {
        this.#world.changed(id);
        return;
      }
      if (page.at.epoch !== room.at.epoch) {
        this.#ask(id);
        return;
      }
    }
  }

  #delta(id: RoomId, epoch: number, events: readonly Event[]): void {
    const room = this.all.get(id);
    if (room === undefined) return;
    if (epoch !== room.at.epoch) {
      this.#gap(id, { epoch, seq: events.at(-1)?.seq ?? 0 });
      return;
    }
    for (const event of events) this.#apply(id, room, event, false);
    if (room.opened) room.asOf = null;
    this.#world.changed(id);
  }

  #event(id: RoomId, event: Event): void {
    const room = this.all.get(id);
    if (room === undefined) return;
    const opening = this.#opening.get(id);
    if (opening !== undefined && event.seq > room.at.seq + 1) {
      opening.push(event);
      return;
    }
    this.#apply(id, room, event, this.#live);
    this.#world.changed(id);
  }

  #apply(id: RoomId, room: RoomLog, event: Event, live: boolean): void {
    const mine = event.from === this.me;
    // Before it is applied, so that its line has the key of its echo from the first.
    if (mine && event.nonce !== undefined) room.keepKey(event.seq, echoKey(event.nonce));
    if (!room.opened && event.seq > room.at.seq + 1) {
      // Nothing is shown of it, so nothing but the numbers can be wrong.
      room.gap({ epoch: room.at.epoch, seq: event.seq - 1 });
      this.#count();
    }
    const applied = room.apply(event);
    const own = mine && event.nonce !== undefined && this.#world.settled(event.nonce);
    if (own && event.kind === "message") this.#world.spoke(id);
    if (applied === "hole") this.#ask(id);
    if (applied !== "applied") return;
    this.meet([event]);
    if (event.kind === "message" && !mine) this.#world.heard(room, event, live);
  }

  #gap(id: RoomId, head: Position): void {
    const room = this.all.get(id);
    if (room === undefined) return;
    room.gap(head);
    this.gaps.add(id);
    this.#world.changed(id);
    if (id === this.shown) this.#ask(id);
    this.#count();
  }

  /** How many of the messages missed are for this person, only the list knows. */
  #count(): void {
    if (this.#counting) return;
    this.#counting = true;
    const learn = (rooms: readonly RoomSummary[]) => {
      for (const summary of rooms) if (this.all.has(summary.id)) this.learn(summary);
    };
    this.#world
      .summaries()
      .then(learn, (thrown: unknown) => Refused.from(thrown))
      .finally(() => {
        this.#counting = false;
      });
  }

  #snapshot(snapshot: Snapshot): void {
    const room = this.all.get(snapshot.room);
    if (room === undefined) return;
    const waiting = this.#opening.get(snapshot.room) ?? [];
    this.#opening.delete(snapshot.room);
    for (const line of snapshot.lines) {
      if (line.from !== this.me || line.nonce === undefined) continue;
      room.keepKey(line.seq, echoKey(line.nonce));
      this.#world.settled(line.nonce);
    }
    room.snapshot(snapshot);
    for (const event of waiting) this.#apply(snapshot.room, room, event, this.#live);
    this.meet(snapshot.lines);
    this.#world.changed(snapshot.room);
  }

  #ask(id: RoomId): void {
    if (this.#opening.has(id)) return;
    if (this.#world.send({ t: "open", room: id })) this.#opening.set(id, []);
  }

  /** Makes sure that the people in some events are known. */
  meet(events: readonly Event[]): void {
    const ids = new Set<AccountId>();
    for (const event of events) {
      ids.add(event.from);
      if (event.kind === "join" || event.kind === "leave" || event.kind === "role")
        ids.add(event.who);
      if (event.kind !== "message") continue;
      for (const who of event.mentions ?? []) ids.add(who);
      for (const reaction of event.reactions ?? []) for (const who of reaction.by) ids.add(who);
    }
    this.#world.want(ids);
  }
}

/** The thread that shows a message: its own, or the one it is a reply in. */
export function threadShowing(event: Event): Seq {
  return threadOf(event) ?? event.seq;
}
