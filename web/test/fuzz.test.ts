/**
 * Two people on two pages do random things while connections break, pages are reloaded and the server
 * dies. In the end both see what the log says: nothing lost, nothing doubled, in order.
 */
import { describe, expect, test } from "vitest";
import type { Line } from "../src/sync/model.ts";
import type { Draft, Event } from "../src/wire/types.ts";
import { ModelServer } from "./modelServer.ts";
import { FakePage, Profile } from "./page.ts";
import { Dice, Time } from "./time.ts";

const STEPS = 250;
const ROOMS = [1, 2];

class Play {
  readonly time = new Time();
  readonly dice: Dice;
  readonly server: ModelServer;
  readonly profiles = [new Profile(), new Profile()];
  readonly pages: FakePage[] = [];
  /** Texts written, by author, in the order of writing. */
  readonly written = new Map<string, string[]>();
  #count = 0;

  constructor(seed: number) {
    this.dice = new Dice(seed);
    this.server = new ModelServer(() => this.time.now, ["a", "b"], ["one", "two"]);
    this.server.mischief = {
      // As a server that shares snapshots and deltas between clients, and answers when it can.
      below: (n) => this.dice.below(n),
      delay: (answer) => new Promise((done) => this.time.timer(() => done(answer()), 30)),
    };
  }

  async open(i: number): Promise<void> {
    const profile = this.profiles[i];
    if (profile === undefined) throw new Error("two play");
    const { server, time, dice } = this;
    this.pages[i] = new FakePage({ profile, server, time, dice, account: i + 1 });
    await this.time.pass(5);
  }

  page(i: number): FakePage {
    const page = this.pages[i];
    if (page === undefined) throw new Error("two play");
    return page;
  }

  async step(): Promise<void> {
    const { dice, server } = this;
    const i = dice.below(2);
    const page = this.page(i);
    const roll = dice.below(100);
    if (roll < 35) this.#act(i);
    else if (roll < 58) this.#move(dice.below(40));
    else if (roll < 68) server.run();
    else if (roll < 80) await this.time.pass(dice.below(2_500));
    else if (roll < 84) this.#cut();
    else if (roll < 87) {
      page.crash();
      await this.open(i);
    } else if (roll < 88) server.kill();
    else if (roll < 92) server.up = true;
    else if (roll < 96) page.client.rooms.open(dice.pick(ROOMS));
    else this.#look(page);
    await this.time.pass(1);
  }

  /** A connection breaks: idle, or after the server has stored what it has not answered. */
  #cut(): void {
    const { pipes } = this.server;
    if (pipes.length === 0) return;
    const pipe = this.dice.pick(pipes);
    for (let n = this.dice.below(4); n > 0 && pipe.toServer.length > 0; n--) this.server.step(pipe);
    pipe.cut();
  }

  /** Reads history while everything goes on. */
  #look(page: FakePage): void {
    const room = this.dice.pick(ROOMS);
    if (!page.client.store.getState().rooms.has(room)) return;
    const lines = page.lines(room);
    if (lines.length === 0 || this.dice.below(2) === 0) void page.client.rooms.loadBefore(room);
    else {
      const around = Math.max(1, this.dice.pick(lines).event.seq - this.dice.below(8));
      page.client.rooms.loadAround(room, around).catch(() => {});
    }
  }

  #move(steps: number): void {
    for (let n = 0; n < steps; n++) {
      const { pipes } = this.server;
      if (pipes.length > 0) this.server.step(this.dice.pick(pipes));
      this.server.pipes = pipes.filter((pipe) => !pipe.closed);
    }
  }

  #act(i: number): void {
    const page = this.page(i);
    const room = this.dice.pick(ROOMS);
    if (!page.client.store.getState().rooms.has(room)) return;
    const draft = this.#draft(page, room, i);
    page.client.outbox.post(room, draft);
  }

  #draft(page: FakePage, room: number, i: number): Draft {
    const { dice } = this;
    const stored = page
      .lines(room)
      .filter(({ state, event }) => state === "stored" && isMessage(event));
    const roll = dice.below(10);
    const line = stored.length > 0 && roll >= 4 ? dice.pick(stored) : null;
    const text = `${i + 1}:${room}:${++this.#count}`;
    if (line === null) {
      this.#wrote(i, room, text);
      return { kind: "message", text, thread: null, also_room: false, files: [], quote: null };
    }
    const target = line.event.seq;
    const emoji = dice.pick(["tada", "eyes"]);
    if (roll < 6) return { kind: "react", target, emoji, on: dice.below(3) > 0 };
    if (roll < 7) return { kind: "pin", target, on: dice.below(2) > 0 };
    if (roll < 9 && line.event.from === i + 1) return { kind: "edit", target, text: `${text}!` };
    if (roll < 10 && line.event.from === i + 1) return { kind: "delete", target };
    const also_room = dice.below(2) > 0;
    return { kind: "message", text, thread: target, also_room, files: [], quote: null };
  }

  /** What the log has of an author's messages that are not replies, as they were written. */
  stored(author: number, room: number): string[] {
    return (this.server.rooms.get(room)?.log ?? []).flatMap((event) =>
      event.kind === "message" && event.from === author && event.thread === undefined
        ? [event.text]
        : [],
    );
  }

  #wrote(i: number, room: number, text: string): void {
    const key = `${i + 1}:${room}`;
    this.written.set(key, [...(this.written.get(key) ?? []), text]);
  }

  /** Lets everything come right. */
  async calm(): Promise<void> {
    this.server.up = true;
    this.server.mischief = null;
    // A frame that went missing shows with the next one, or when the client comes back.
    for (const pipe of [...this.server.pipes]) pipe.cut();
    for (let round = 0; round < 60; round++) {
      this.server.run();
      await this.time.pass(1_000);
    }
    for (const page of this.pages) for (const room of ROOMS) await this.scroll(page, room);
    this.server.run();
    await this.time.pass(20);
  }

  /** Looks at all of a room, from its end to its beginning. */
  async scroll(page: FakePage, room: number): Promise<void> {
    page.client.rooms.open(room);
    for (let round = 0; round < 40; round++) {
      this.server.run();
      await this.time.pass(10);
      const { items, moreBefore } = page.room(room);
      const hole = items.find((item) => item.kind === "hole");
      if (hole?.kind === "hole") await page.client.rooms.fillHole(room, hole.before);
      else if (moreBefore) await page.client.rooms.loadBefore(room);
      for (const item of items) {
        if (item.kind === "line") page.client.rooms.inView(room, item.event.seq, item.event.seq);
      }
    }
  }
}

function isMessage(event: Event): boolean {
  return event.kind === "message" && event.deleted !== true && event.thread === undefined;
}

function shown(lines: readonly Line[]): object[] {
  return lines.filter((line) => line.state === "stored").map(({ event }) => plain(event));
}

function plain(event: Event): object {
  return JSON.parse(JSON.stringify(event)) as object;
}

async function play(seed: number): Promise<Play> {
  const game = new Play(seed);
  await game.open(0);
  await game.open(1);
  for (let step = 0; step < STEPS; step++) await game.step();
  await game.calm();
  return game;
}

describe("two people in a storm", () => {
  const only = process.env.FUZZ_SEED;
  const seeds =
    only !== undefined
      ? [Number(only)]
      : Array.from({ length: Number(process.env.FUZZ_SEEDS ?? 20) }, (_, i) => i + 1);

  test.each(seeds)("see the same, and lose and double nothing (seed %i)", async (seed) => {
    const game = await play(seed);
    for (const room of ROOMS) {
      const truth = game.server.lines(room).map(plain);
      for (const page of game.pages) {
        const whose = `room ${room} of account ${page.of.account}`;
        expect(shown(page.lines(room)), whose).toEqual(truth);
        expect(page.room(room).items.filter((item) => item.kind === "hole")).toEqual([]);
      }
    }
    for (const [key, texts] of game.written) {
      const [author = 0, room = 0] = key.split(":").map(Number);
      const { outbox } = game.page(author - 1).client.store.getState();
      expect(outbox.filter(({ state }) => state !== "failed")).toEqual([]);
      expect(game.stored(author, room)).toEqual(texts);
    }
  });
});
