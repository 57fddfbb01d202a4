/**
 * The bar never lies: whatever server and network do, it says that chat is live only while a lease is
 * held and all is caught up, and what is shown has no hole that is not marked. A second opinion, made
 * of nothing but the frames that were delivered, is compared with the page after every step.
 */
import { describe, expect, test } from "vitest";
import type { Lease, ServerFrame } from "../src/wire/types.ts";
import { ModelServer, type Pipe } from "./modelServer.ts";
import { FakePage, Profile } from "./page.ts";
import { Dice, Time } from "./time.ts";

const STEPS = 300;
const ROOM = 1;
const LIVE = ["live", "back", "partial", "read_only"];
/** The page is drawn so long after what it shows has changed, in milliseconds. */
const DRAWN_MS = 20;
/** A seed takes a few milliseconds; a machine that is busy elsewhere must not fail it. */
const PATIENCE_MS = 60_000;
const DRAIN = { code: "drain", message: "the server is going down", then: "retry" } as const;
const FULL = { code: "full", message: "the server is full", then: "retry" } as const;

/** What the delivered frames say of one connection. */
interface Heard {
  at: number;
  lease: Lease | null;
  caughtUp: boolean;
}

class Weather {
  readonly time = new Time();
  readonly dice: Dice;
  readonly server: ModelServer;
  page: FakePage;
  /** Said something about the connection at least once: the fuzz would prove nothing otherwise. */
  readonly seen = new Set<string>();
  readonly #heard = new Map<Pipe, Heard>();
  /** Links on which nothing moves any more, and nobody is told. */
  readonly #dead = new Set<Pipe>();
  readonly #profile = new Profile();
  #count = 0;

  constructor(seed: number) {
    this.dice = new Dice(seed);
    this.server = new ModelServer(() => this.time.now, ["a", "b"], ["one"]);
    this.server.greet = () => this.#greeting();
    this.page = this.#open();
  }

  #open(words?: Map<string, string>): FakePage {
    const { server, time, dice } = this;
    const of = { profile: this.#profile, server, time, dice, account: 1 };
    return new FakePage(words === undefined ? of : { ...of, words });
  }

  async step(): Promise<void> {
    const roll = this.dice.below(100);
    if (roll < 45) this.#move(this.dice.below(12));
    else if (roll < 60) await this.time.pass(this.dice.below(4_000));
    else if (roll < 70) this.#happen();
    else if (roll < 74) this.#cut();
    else if (roll < 77) for (const pipe of this.server.pipes) this.#dead.add(pipe);
    else if (roll < 80) this.#goodbye();
    else if (roll < 82) this.server.kill();
    else if (roll < 86) this.server.up = true;
    else if (roll < 89) this.#sleep();
    else if (roll < 91) this.#shed();
    else if (roll < 93) this.#reload();
    else this.#person();
    await this.time.pass(DRAWN_MS);
    this.check();
  }

  /** Compares what the page says with what it can know. */
  check(): void {
    const { bar, rooms } = this.page.client.store.getState();
    this.seen.add(bar.state);
    if (!LIVE.includes(bar.state)) return;
    const held = [...this.#heard].filter(([pipe, heard]) => !pipe.closed && this.#holds(heard));
    expect(held.length, `says ${bar.state} without a lease`).toBe(1);
    if (rooms.has(ROOM)) this.#checkHoles();
  }

  #holds({ at, lease, caughtUp }: Heard): boolean {
    return caughtUp && lease !== null && this.time.now - DRAWN_MS < at + lease.lease_ms;
  }

  /** Every line of the log from the first one shown to where the page stands is shown, or in a hole. */
  #checkHoles(): void {
    const { items, at } = this.page.room(ROOM);
    const lines = this.page.lines(ROOM).filter((line) => line.state === "stored");
    const first = lines[0]?.event.seq;
    if (first === undefined || at === null) return;
    const shown = new Set(lines.map((line) => line.event.seq));
    const holes = items.flatMap((item) => (item.kind === "hole" ? [item.before] : []));
    const truth = this.server.lines(ROOM).map((event) => event.seq);
    for (const seq of truth.filter((seq) => seq > first && seq <= at.seq && !shown.has(seq))) {
      const next = Math.min(...[...shown].filter((other) => other > seq));
      const marked = holes.some((before) => before > seq && before <= Math.min(next, at.seq + 1));
      expect(marked, `line ${seq} is missing and nothing says so`).toBe(true);
    }
  }

  /** What a server in a storm says to a hello. */
  #greeting(): readonly ServerFrame[] | null {
    const roll = this.dice.below(10);
    if (roll < 5) return null;
    const ms = this.dice.below(30_000);
    const slot = this.dice.below(2) === 0 ? {} : { slot: "slot" };
    if (roll < 7) return [{ t: "parked", place: this.dice.below(50), wait_ms: ms }];
    if (roll < 9) return [{ t: "refuse", ...FULL, after_ms: ms, ...slot }];
    return [];
  }

  #move(steps: number): void {
    for (let n = 0; n < steps; n++) {
      this.server.pipes = this.server.pipes.filter((pipe) => !pipe.closed);
      const moving = this.server.pipes.filter((pipe) => !this.#dead.has(pipe));
      if (moving.length === 0) return;
      const pipe = this.dice.pick(moving);
      if (pipe.hello !== null && !pipe.welcomed && this.dice.below(6) === 0) {
        this.server.admit(pipe, pipe.hello);
      }
      this.#deliver(pipe);
    }
  }

  /** Moves one thing along a pipe, and notes it if it goes to the page. */
  #deliver(pipe: Pipe): void {
    const next = pipe.open && pipe.toServer.length === 0 ? pipe.toClient[0] : undefined;
    if (next !== undefined) this.#note(pipe, JSON.parse(next) as ServerFrame);
    this.server.step(pipe);
  }

  #note(pipe: Pipe, frame: ServerFrame): void {
    const heard = this.#heard.get(pipe) ?? { at: 0, lease: null, caughtUp: false };
    this.#heard.set(pipe, heard);
    heard.at = this.time.now;
    if (frame.t === "welcome" || frame.t === "pong") heard.lease = frame.lease;
    if (frame.t === "caught_up") heard.caughtUp = true;
    if (frame.t === "refuse" || frame.t === "goodbye") heard.caughtUp = false;
  }

  /** Somebody else writes; the frame may be lost on its way. */
  #happen(): void {
    for (let n = this.dice.below(4); n >= 0; n--) {
      const text = `b ${++this.#count}`;
      const draft = { kind: "message", text, thread: null, also_room: false, files: [] } as const;
      this.server.append(2, ROOM, `b${this.#count}`, { ...draft, files: [], quote: null });
      if (this.dice.below(4) === 0) for (const pipe of this.server.pipes) this.#lose(pipe);
    }
  }

  #lose(pipe: Pipe): void {
    if (pipe.toClient.at(-1)?.includes('"t":"event"')) pipe.toClient.pop();
  }

  #cut(): void {
    for (const pipe of this.server.pipes) pipe.cut();
  }

  #goodbye(): void {
    const after_ms = this.dice.below(20_000);
    const slot = this.dice.below(2) === 0 ? {} : { slot: "slot" };
    for (const pipe of this.server.pipes) {
      if (pipe.welcomed) this.server.say(pipe, { t: "goodbye", ...DRAIN, after_ms, ...slot });
    }
  }

  /** The device sleeps: no timer runs, and some come late. */
  #sleep(): void {
    this.time.now += this.dice.below(120_000);
    this.page.emit(this.dice.pick(["woke", "visible", "online"] as const));
  }

  #shed(): void {
    const what = this.dice.pick([["presence"], ["search", "snapshots"], []]);
    for (const pipe of this.server.pipes)
      if (pipe.welcomed) this.server.say(pipe, { t: "shed", what });
  }

  #reload(): void {
    const { words } = this.page;
    this.page.crash();
    this.page = this.#open(words);
  }

  #person(): void {
    const { client } = this.page;
    const roll = this.dice.below(6);
    if (roll === 0) client.connection.tryNow();
    else if (roll === 1) this.page.emit(this.dice.pick(["hidden", "visible"] as const));
    else if (roll === 2) this.page.emit(this.dice.pick(["offline", "online"] as const));
    else if (client.store.getState().rooms.has(ROOM)) {
      const draft = { kind: "message", text: `a ${++this.#count}`, thread: null } as const;
      client.outbox.post(ROOM, { ...draft, also_room: false, files: [], quote: null });
    }
  }
}

describe("the bar is honest", () => {
  const only = process.env.FUZZ_SEED;
  const seeds =
    only !== undefined
      ? [Number(only)]
      : Array.from({ length: Number(process.env.FUZZ_SEEDS ?? 25) }, (_, i) => i + 1);
  const seen = new Set<string>();

  test.each(seeds)(
    "in any weather (seed %i)",
    async (seed) => {
      const weather = new Weather(seed);
      for (let step = 0; step < STEPS; step++) await weather.step();
      for (const state of weather.seen) seen.add(state);
    },
    PATIENCE_MS,
  );

  test.skipIf(only !== undefined)("and had something of everything to say", () => {
    const states = ["live", "blip", "reconnecting", "waiting", "offline", "partial", "back"];
    expect([...seen]).toEqual(expect.arrayContaining(states));
  });
});
