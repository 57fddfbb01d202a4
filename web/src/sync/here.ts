/**
 * Who is here and who is typing, in the rooms on the screen. Known only while the connection is live:
 * nobody is shown as online on the strength of old news.
 */
import type { AccountId, ClientFrame, Presence, RoomId, Seq, ServerFrame } from "../wire/types.ts";
import type { Typist } from "./model.ts";

export interface HereWorld {
  readonly me: AccountId;
  readonly send: (frame: ClientFrame) => boolean;
  readonly now: () => number;
  readonly later: (run: () => void, ms: number) => void;
  readonly changed: () => void;
}

/** Said again this often while it lasts. */
const TYPING_SAY_MS = 4_000;
/** Forgotten after this, unless said again. */
const TYPING_FORGET_MS = 6_000;
/** Most rooms that may be watched. */
const WATCHED_MAX = 64;

export class Here {
  readonly #world: HereWorld;
  readonly #rooms = new Map<RoomId, Map<AccountId, Presence>>();
  readonly #typing = new Map<string, { room: RoomId; typist: Typist; until: number }>();
  #shown: {
    presence: ReadonlyMap<AccountId, Presence>;
    typing: ReadonlyMap<RoomId, readonly Typist[]>;
  } | null = null;
  #watched: readonly RoomId[] = [];
  #saidTyping = { key: "", at: Number.NEGATIVE_INFINITY };
  #said: Presence = "online";

  constructor(world: HereWorld) {
    this.#world = world;
  }

  /** The rooms on the screen, the most important first. */
  watch(rooms: readonly RoomId[]): void {
    const wanted = [...new Set(rooms)].slice(0, WATCHED_MAX);
    if (wanted.join() === this.#watched.join()) return;
    this.#watched = wanted;
    for (const room of [...this.#rooms.keys()])
      if (!wanted.includes(room)) this.#rooms.delete(room);
    this.#world.send({ t: "watch", rooms: wanted });
  }

  live(live: boolean): void {
    if (live) {
      this.#world.send({ t: "watch", rooms: [...this.#watched] });
      if (this.#said !== "online") this.#world.send({ t: "presence", state: this.#said });
    } else {
      this.#rooms.clear();
      this.#typing.clear();
    }
    this.#changed();
  }

  /** Whether the person is at the screen. */
  say(state: Presence): void {
    if (state === this.#said) return;
    this.#said = state;
    this.#world.send({ t: "presence", state });
  }

  typing(room: RoomId, thread: Seq | null): void {
    const key = `${room}/${thread}`;
    const now = this.#world.now();
    if (this.#saidTyping.key === key && now < this.#saidTyping.at + TYPING_SAY_MS) return;
    const frame: ClientFrame = { t: "typing", room };
    if (thread !== null) frame.thread = thread;
    if (this.#world.send(frame)) this.#saidTyping = { key, at: now };
  }

  /** Whoever has sent something has stopped typing; the next key press says so again. */
  sent(): void {
    this.#saidTyping = { key: "", at: Number.NEGATIVE_INFINITY };
  }

  frame(frame: ServerFrame): void {
    if (frame.t === "presence") this.#presence(frame.room, frame.people, frame.whole === true);
    else if (frame.t === "typing") this.#typed(frame.room, frame.who, frame.thread ?? null);
  }

  /** A message ends its author's typing. */
  heard(room: RoomId, who: AccountId): void {
    const before = this.#typing.size;
    for (const [key, { room: where, typist }] of [...this.#typing]) {
      if (where === room && typist.who === who) this.#typing.delete(key);
    }
    if (this.#typing.size !== before) this.#changed();
  }

  /** Who is online or away; the same object until that changes. */
  presence(): ReadonlyMap<AccountId, Presence> {
    this.#shown ??= { presence: this.#merged(), typing: this.#typists() };
    return this.#shown.presence;
  }

  /** Who is typing; the same object until that changes. */
  typists(): ReadonlyMap<RoomId, readonly Typist[]> {
    this.#shown ??= { presence: this.#merged(), typing: this.#typists() };
    return this.#shown.typing;
  }

  #merged(): ReadonlyMap<AccountId, Presence> {
    const all = new Map<AccountId, Presence>();
    for (const people of this.#rooms.values()) {
      for (const [who, state] of people) if (all.get(who) !== "online") all.set(who, state);
    }
    return all;
  }

  #typists(): ReadonlyMap<RoomId, readonly Typist[]> {
    const all = new Map<RoomId, Typist[]>();
    for (const { room, typist } of this.#typing.values()) {
      all.set(room, [...(all.get(room) ?? []), typist]);
    }
    return all;
  }

  #presence(room: RoomId, people: readonly [AccountId, Presence][], whole: boolean): void {
    const known = whole ? new Map<AccountId, Presence>() : (this.#rooms.get(room) ?? new Map());
    for (const [who, state] of people) {
      if (state === "offline") known.delete(who);
      else known.set(who, state);
    }
    this.#rooms.set(room, known);
    this.#changed();
  }

  #typed(room: RoomId, who: AccountId, thread: Seq | null): void {
    if (who === this.#world.me) return;
    const until = this.#world.now() + TYPING_FORGET_MS;
    this.#typing.set(`${room}/${thread}/${who}`, { room, typist: { who, thread }, until });
    this.#changed();
    this.#world.later(() => this.#forgetTyping(), TYPING_FORGET_MS);
  }

  #changed(): void {
    this.#shown = null;
    this.#world.changed();
  }

  #forgetTyping(): void {
    const now = this.#world.now();
    for (const [key, { until }] of [...this.#typing]) if (until <= now) this.#typing.delete(key);
    this.#changed();
  }
}
