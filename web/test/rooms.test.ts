/** Rooms: snapshots and deltas agree, holes are seen and filled, large rooms stay quick. */
import { describe, expect, test } from "vitest";
import type { Item } from "../src/sync/model.ts";
import { RoomLog } from "../src/sync/roomLog.ts";
import type { Draft, Event, RoomSummary } from "../src/wire/types.ts";
import { ModelServer } from "./modelServer.ts";
import { FakePage, Profile } from "./page.ts";
import { Dice, Time } from "./time.ts";

const SUMMARY: RoomSummary = {
  id: 1,
  room_kind: "public",
  name: "one",
  epoch: 1,
  head: 0,
  last_message: 0,
  last_at: 0,
  read: 0,
  mentions: 0,
  role: "member",
  notify: "mentions",
  members: 2,
};

function message(text: string, thread: number | null = null): Draft {
  return { kind: "message", text, thread, also_room: false, files: [], quote: null };
}

/** A room with a past of so many random events. */
function past(seed: number, events: number): ModelServer {
  const dice = new Dice(seed);
  const server = new ModelServer(() => 1_000 + seed, ["a", "b"], ["one"]);
  for (let n = 1; n <= events; n++) {
    const log = server.rooms.get(1)?.log ?? [];
    const target = dice.below(log.length) + 1;
    const about = log[target - 1];
    const free = about?.kind === "message" && about.thread === undefined;
    const roll = free ? dice.below(8) : 0;
    const draft: Draft =
      roll < 3
        ? message(`${n}`)
        : roll < 4
          ? message(`${n}`, target)
          : roll < 5
            ? { kind: "edit", target, text: `${n}!` }
            : roll < 7
              ? { kind: "react", target, emoji: dice.pick(["tada", "eyes"]), on: n % 3 > 0 }
              : dice.below(3) > 0
                ? { kind: "pin", target, on: n % 2 > 0 }
                : { kind: "delete", target };
    server.append(dice.below(2) + 1, 1, `n${n}`, draft);
  }
  return server;
}

function plain(lines: readonly Event[]): unknown {
  return JSON.parse(JSON.stringify(lines));
}

describe("a snapshot and what came after it", () => {
  test("a snapshot older than the list takes nothing back that the list knows", () => {
    const server = past(1, 5);
    const old = server.snapshot(1, 3);
    const room = new RoomLog({ ...SUMMARY, head: 5, members: 7, topic: "the newest" }, 1);
    room.snapshot({ ...old, members_total: 1 });
    expect(room.summary).toMatchObject({ head: 5, members: 7, topic: "the newest" });
    room.snapshot({ ...server.snapshot(1), members_total: 1 });
    expect(room.summary).toMatchObject({ head: 5, members: 1, topic: undefined });
  });

  const seeds = Array.from({ length: 40 }, (_, i) => i + 1);

  test.each(seeds)("give the later snapshot (seed %i)", (seed) => {
    const dice = new Dice(seed);
    const server = past(seed, 60);
    server.snapshotLines = 1_000;
    const [n, m] = [dice.below(60), 60];
    const log = server.rooms.get(1)?.log ?? [];
    const room = new RoomLog(SUMMARY, 1);
    room.snapshot(server.snapshot(1, n));
    // Some of what the snapshot has is sent again.
    for (const event of log.slice(Math.max(0, n - dice.below(10)), m)) room.apply(event);
    expect(room.at.seq).toBe(m);
    expect(plain(room.main.lines)).toEqual(plain(server.snapshot(1, m).lines));
  });
});

interface Scene {
  readonly time: Time;
  readonly server: ModelServer;
  readonly page: FakePage;
}

async function scene(lines: number): Promise<Scene> {
  const time = new Time();
  const server = new ModelServer(() => time.now, ["a", "b"], ["one", "two"]);
  for (let n = 1; n <= lines; n++) server.append(2, 1, `old${n}`, message(`${n}`));
  const page = new FakePage({
    profile: new Profile(),
    server,
    time,
    dice: new Dice(1),
    account: 1,
  });
  const of = { time, server, page };
  await calm(of);
  return of;
}

async function calm({ time, server }: Scene): Promise<void> {
  for (let i = 0; i < 20; i++) {
    server.run();
    await time.pass(500);
  }
}

function shape(items: readonly Item[]): string[] {
  return items.map((item) =>
    item.kind === "hole" ? `hole ${item.after}-${item.before}` : `${item.event.seq}`,
  );
}

test("an event that is missing is noticed, and the room is asked for", async () => {
  const of = await scene(3);
  const { server, page } = of;
  // The server fails to send one.
  const { pipes } = server;
  server.pipes = [];
  server.append(2, 1, "x1", message("unseen"));
  server.pipes = pipes;
  server.append(2, 1, "x2", message("seen"));
  await calm(of);
  expect(shape(page.room(1).items)).toEqual(["1", "2", "3", "4", "5"]);
});

test("after too long an absence the newest page comes first and the hole is marked, then filled", async () => {
  const of = await scene(5);
  const { server, page } = of;
  server.kill();
  for (let n = 1; n <= 60; n++) server.append(2, 1, `new${n}`, message(`new ${n}`));
  server.up = true;
  await calm(of);
  const items = page.room(1).items;
  expect(shape(items).slice(0, 7)).toEqual(["1", "2", "3", "4", "5", "hole 5-56", "56"]);
  await page.client.rooms.fillHole(1, 56);
  expect(shape(page.room(1).items)).toEqual(Array.from({ length: 65 }, (_, i) => `${i + 1}`));
});

test("the new line survives a gap", async () => {
  const of = await scene(5);
  const { server, page } = of;
  page.client.marks.readAll(1);
  await calm(of);
  page.visible = false;
  server.kill();
  for (let n = 1; n <= 60; n++) server.append(2, 1, `new${n}`, message(`new ${n}`));
  server.up = true;
  server.append(2, 1, "last", message("last"));
  await calm(of);
  server.append(2, 1, "one more", message("one more"));
  await calm(of);
  expect(page.room(1).newAfter).toBe(5);
  expect(page.room(1).unread.bold).toBe(true);
});

test("a permalink far back opens around its message", async () => {
  const of = await scene(500);
  const { page } = of;
  expect(page.room(1).items.length).toBeLessThan(20);
  expect(await page.client.rooms.loadAround(1, 100)).toBe(true);
  expect(page.lines(1).some(({ event }) => event.seq === 100)).toBe(true);
  expect(shape(page.room(1).items).filter((item) => item.startsWith("hole"))).toHaveLength(1);
});

test("what changed in lines that were not followed is fetched when they come into view", async () => {
  const of = await scene(8);
  const { server, page } = of;
  server.kill();
  server.append(2, 1, "edit", { kind: "edit", target: 2, text: "changed" });
  for (let n = 1; n <= 40; n++) server.append(2, 1, `new${n}`, message(`new ${n}`));
  server.up = true;
  await calm(of);
  const second = () => page.lines(1).find(({ event }) => event.seq === 2)?.event;
  expect(second()).toMatchObject({ text: "2" });
  page.client.rooms.inView(1, 1, 8);
  await calm(of);
  expect(second()).toMatchObject({ text: "changed" });
});

test("history of another epoch is dropped", () => {
  const server = past(1, 30);
  const room = new RoomLog(SUMMARY, 1);
  room.snapshot(server.snapshot(1));
  room.gap({ epoch: 2, seq: 12 });
  expect(room.main.lines).toEqual([]);
  expect(room.at).toEqual({ epoch: 2, seq: 12 });
});

test("ten thousand messages are applied and shown without delay", async () => {
  const of = await scene(0);
  const { server, page } = of;
  server.deltaMax = 20_000;
  server.kill();
  for (let n = 1; n <= 10_000; n++) server.append(2, 1, `new${n}`, message(`new ${n}`));
  server.up = true;
  await calm(of);
  expect(page.room(1).items).toHaveLength(10_000);
  const began = performance.now();
  for (let n = 1; n <= 200; n++) {
    server.append(2, 1, `more${n}`, { kind: "react", target: n * 40, emoji: "tada", on: true });
    server.run();
    page.client.store.getState();
  }
  const each = (performance.now() - began) / 200;
  expect(each, "milliseconds from an event to the state with it").toBeLessThan(5);
});
