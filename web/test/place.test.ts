/** A page in a storm: its place outlives it, its tabs knock as one, and another build is told of. */
import { describe, expect, test } from "vitest";
import type { ServerFrame } from "../src/wire/types.ts";
import { ModelServer } from "./modelServer.ts";
import { FakePage, Profile } from "./page.ts";
import { Dice, Time } from "./time.ts";

const FULL = { code: "full", message: "the server is full", then: "retry" } as const;
const SLOT = { t: "refuse", ...FULL, after_ms: 20_000, slot: "slot-1" } as const;

function stage(seed = 1) {
  const time = new Time();
  const server = new ModelServer(() => time.now, ["a"], ["one"]);
  const of = { profile: new Profile(), server, time, dice: new Dice(seed), account: 1 };
  /** Slots presented, `null` for a hello without one, in the order of the knocks. */
  const knocks: (string | null)[] = [];
  let answer: ServerFrame | null = null;
  server.greet = (pipe) => {
    knocks.push(pipe.hello?.slot ?? null);
    return answer === null ? null : [answer];
  };
  /** Lets time pass, with a network that carries at once. */
  const pass = async (ms: number) => {
    for (const end = time.now + ms; time.now < end; server.run()) {
      await time.pass(Math.min(50, end - time.now));
    }
  };
  return {
    open: (words?: Map<string, string>) =>
      new FakePage(words === undefined ? of : { ...of, words }),
    say: (frame: ServerFrame | null) => {
      answer = frame;
    },
    ...{ time, pass, server, knocks },
  };
}

const barOf = (page: FakePage) => page.client.store.getState().bar;

describe("a page in a storm", () => {
  test("keeps its place when it is loaded again, and gives it up when it is in", async () => {
    const { open, say, pass, knocks } = stage();
    say(SLOT);
    const page = open();
    await pass(1_000);
    page.crash();
    say(null);
    const again = open(page.words);
    await pass(5_000);
    expect(barOf(again)).toMatchObject({ state: "waiting", why: "turn" });
    expect(knocks).toEqual([null]);
    await pass(16_000);
    expect(knocks).toEqual([null, "slot-1"]);
    expect(barOf(again).state).toBe("back");
    expect([...again.words]).toEqual([]);
  });

  test("comes back as the same when it is loaded again while it waits on its connection", async () => {
    const { open, say, pass, server } = stage();
    const page = open();
    await pass(1_000);
    say({ t: "parked", place: 9, wait_ms: 60_000 });
    for (const pipe of [...server.pipes]) pipe.cut();
    await pass(5_000);
    expect(barOf(page)).toMatchObject({ state: "waiting", place: 9 });
    page.crash();
    const again = open(page.words);
    await pass(1_000);
    expect(server.pipes.at(-1)?.hello?.ticket).toBe("ticket");
    expect(barOf(again)).toMatchObject({ state: "waiting", place: 9 });
  });

  test("knocks once for all of its tabs", async () => {
    const { open, say, pass, knocks, server } = stage();
    const pages = [open(), open(), open()];
    await pass(1_000);
    expect(knocks.length).toBe(3);
    say(SLOT);
    for (const pipe of [...server.pipes]) pipe.cut();
    await pass(15_000);
    expect(knocks.length, "one of them asked, the others heard").toBe(4);
    for (const page of pages) expect(barOf(page).state).toBe("waiting");
    const late = open();
    await pass(2_000);
    expect(knocks.length, "nor does one that is opened meanwhile ask").toBe(4);
    say(null);
    await pass(60_000);
    expect(knocks.slice(4), "each once, the first with its slot").toEqual([
      "slot-1",
      null,
      null,
      null,
    ]);
    for (const page of [...pages, late]) expect(barOf(page).state).toBe("live");
  });

  test("leaves the tab that asks the time to be answered", async () => {
    for (let seed = 1; seed <= 10; seed++) {
      const { open, say, time, server, knocks } = stage(seed);
      say({ ...SLOT, after_ms: 8_000 });
      open();
      /** The network takes its time. */
      const slowly = async (ms: number) => {
        for (const end = time.now + ms; time.now < end; server.run()) await time.pass(600);
      };
      await slowly(2_000);
      open();
      await slowly(26_000);
      expect(knocks, `seed ${seed}`).toEqual([null, "slot-1", "slot-1", "slot-1"]);
    }
  });

  test("tells of another build once nothing waits to be sent", async () => {
    const { open, pass, server } = stage();
    const page = open();
    await pass(1_000);
    expect(barOf(page).state).toBe("live");
    server.build = "web/other";
    for (const pipe of [...server.pipes]) pipe.cut();
    await pass(10_000);
    expect(barOf(page)).toEqual({ state: "reload", unsent: 0 });
    server.refuse = { code: "store_busy", then: "retry", after_ms: 500 };
    const draft = { kind: "message", text: "unsent", thread: null, also_room: false } as const;
    page.client.outbox.post(1, { ...draft, files: [], quote: null });
    await pass(100);
    expect(barOf(page).state, "what is on its way goes first").not.toBe("reload");
    server.refuse = null;
    await pass(10_000);
    expect(barOf(page)).toEqual({ state: "reload", unsent: 0 });
  });
});
