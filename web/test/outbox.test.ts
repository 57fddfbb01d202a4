/** What has been written goes out exactly once, in order, whatever happens to pages and connections. */
import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { beforeEach, expect, test } from "vitest";
import { type Keep, openKeep } from "../src/sync/keep.ts";
import { ModelServer } from "./modelServer.ts";
import { FakePage, Profile } from "./page.ts";
import { Dice, Time } from "./time.ts";

let time: Time;
let server: ModelServer;
let profile: Profile;

beforeEach(() => {
  globalThis.indexedDB = new IDBFactory();
  time = new Time();
  server = new ModelServer(() => time.now, ["a", "b"], ["one", "two"]);
  profile = new Profile();
  profile.openKeep = () => openKeep(1);
});

async function open(): Promise<FakePage> {
  const page = new FakePage({ profile, server, time, dice: new Dice(1), account: 1 });
  await time.pass(20);
  return page;
}

async function live(): Promise<FakePage> {
  const page = await open();
  await calm();
  return page;
}

async function calm(): Promise<void> {
  for (let i = 0; i < 30; i++) {
    server.run();
    await time.pass(500);
  }
}

function say(page: FakePage, text: string, room = 1): string {
  const more = { thread: null, also_room: false, files: [], quote: null };
  return page.client.outbox.post(room, { kind: "message", text, ...more });
}

/** The operations of a keep, to be used apart from it. */
function bound(keep: Keep): Keep {
  return {
    all: (table) => keep.all(table),
    entries: (table) => keep.entries(table),
    one: (table, key) => keep.one(table, key),
    put: (table, key, value) => keep.put(table, key, value),
    drop: (table, key) => keep.drop(table, key),
    close: () => keep.close(),
  };
}

function texts(room = 1): string[] {
  const log = server.rooms.get(room)?.log ?? [];
  return log.flatMap((event) => (event.kind === "message" ? [event.text] : []));
}

function posts(): string[] {
  return server.pipes.flatMap((pipe) => pipe.toServer.filter((text) => text.includes('"post"')));
}

test("a message is shown at once, kept on the device, and only then sent", async () => {
  const page = await live();
  const nonce = say(page, "hello");
  expect(page.lines(1).map(({ event, state }) => [event.seq, state])).toEqual([[0, "sending"]]);
  expect(posts(), "nothing is sent before it is kept").toEqual([]);
  await time.pass(20);
  const keep = await openKeep(1);
  expect((await keep.one("outbox", nonce))?.draft).toMatchObject({ text: "hello" });
  expect(posts()).toHaveLength(1);
});

test("the echo becomes the message in its place and under its key", async () => {
  const page = await live();
  say(page, "hello");
  const [echo] = page.lines(1);
  await calm();
  const [line] = page.lines(1);
  expect(line?.key).toBe(echo?.key);
  expect(line).toMatchObject({ state: "stored", event: { seq: 1, text: "hello" } });
  expect(page.lines(1)).toHaveLength(1);
});

test("what was written without a server goes out in order after a reload", async () => {
  const page = await live();
  server.kill();
  for (const text of ["one", "two", "three"]) say(page, text);
  await time.pass(50);
  page.crash();
  const again = await open();
  expect(again.lines(1).map(({ event }) => event.kind === "message" && event.text)).toEqual([
    "one",
    "two",
    "three",
  ]);
  server.up = true;
  await calm();
  expect(texts()).toEqual(["one", "two", "three"]);
  expect(again.client.store.getState().outbox).toEqual([]);
});

test("a message whose answer was lost is stored once", async () => {
  const page = await live();
  say(page, "once");
  await time.pass(20);
  for (const pipe of server.pipes) while (pipe.toServer.length > 0) server.step(pipe);
  expect(texts()).toEqual(["once"]);
  for (const pipe of [...server.pipes]) pipe.cut();
  await calm();
  expect(texts()).toEqual(["once"]);
  expect(page.lines(1)).toHaveLength(1);
  expect(page.client.store.getState().outbox).toEqual([]);
});

test("a page that dies between the answer and the event leaves nothing behind", async () => {
  const page = await live();
  say(page, "once");
  await time.pass(20);
  server.run();
  page.crash();
  const again = await live();
  expect(texts()).toEqual(["once"]);
  expect(again.client.store.getState().outbox).toEqual([]);
  expect(again.lines(1)).toHaveLength(1);
});

test("a refused message is listed apart with its reason, and the next goes out", async () => {
  const page = await live();
  server.refuse = { code: "muted", then: "give_up" };
  const nonce = say(page, "no");
  await calm();
  server.refuse = null;
  say(page, "yes");
  await calm();
  expect(texts()).toEqual(["yes"]);
  const [failed] = page.client.store.getState().outbox;
  expect(failed).toMatchObject({ nonce, state: "failed", why: { code: "muted" } });
  page.client.outbox.retry(nonce);
  await calm();
  expect(texts()).toEqual(["yes", "no"]);
  expect(page.client.store.getState().outbox).toEqual([]);
});

test("a message whose nonce is taken elsewhere is kept, and goes out under another", async () => {
  const page = await live();
  server.refuse = { code: "conflict", then: "give_up" };
  const nonce = say(page, "whose name was taken");
  await calm();
  expect(page.client.store.getState().outbox).toMatchObject([{ nonce, state: "failed" }]);
  server.refuse = null;
  page.client.outbox.retry(nonce);
  expect(page.client.store.getState().outbox.map((entry) => entry.nonce)).not.toContain(nonce);
  await calm();
  expect(texts()).toEqual(["whose name was taken"]);
  expect(page.client.store.getState().outbox).toEqual([]);
});

test("a discarded message is gone, after a reload too", async () => {
  const page = await live();
  server.refuse = { code: "archived", then: "give_up" };
  const nonce = say(page, "no");
  await calm();
  page.client.outbox.discard(nonce);
  await time.pass(50);
  page.crash();
  const again = await live();
  expect(again.client.store.getState().outbox).toEqual([]);
});

test("a busy store is waited for, in order, and the bar says so", async () => {
  const page = await live();
  server.refuse = { code: "store_busy", then: "retry", after_ms: 2_000 };
  say(page, "first");
  say(page, "second");
  await time.pass(50);
  server.run();
  await time.pass(50);
  expect(page.client.store.getState().bar).toEqual({ state: "read_only", waiting: 2 });
  server.refuse = null;
  await calm();
  expect(texts()).toEqual(["first", "second"]);
  expect(page.client.store.getState().bar).toEqual({ state: "live" });
});

test("rooms do not wait for each other", async () => {
  const page = await live();
  say(page, "in one", 1);
  say(page, "in two", 2);
  await time.pass(20);
  expect(posts()).toHaveLength(2);
});

test("two pages of one account send what each has written, once", async () => {
  const first = await live();
  const second = await live();
  server.kill();
  say(first, "from the first");
  await time.pass(50);
  say(second, "from the second");
  await time.pass(50);
  expect(second.lines(1), "each shows both").toHaveLength(2);
  server.up = true;
  await calm();
  expect(texts().sort()).toEqual(["from the first", "from the second"]);
  expect(server.posts, "nobody sends what is the other's").toBe(2);
  for (const page of [first, second]) {
    expect(page.lines(1)).toHaveLength(2);
    expect(page.client.store.getState().outbox).toEqual([]);
  }
});

test("what another page has sent stands there once, however late it is read of the device", async () => {
  const first = await live();
  const late: (() => void)[] = [];
  let slow = false;
  profile.openKeep = async () => {
    const keep = await openKeep(1);
    const all: typeof keep.all = async (table) => {
      const found = await keep.all(table);
      if (slow && table === "outbox") await new Promise<void>((done) => late.push(done));
      return found;
    };
    return { ...bound(keep), all };
  };
  const second = await live();
  slow = true;
  say(first, "hello");
  await calm();
  expect(late.length, "it has begun to look before and after").toBeGreaterThan(1);
  late[0]?.();
  await time.pass(20);
  expect(second.lines(1).map(({ state }) => state)).toEqual(["stored"]);
  for (const done of late) done();
});

test("a page does not send what another that lives is sending", async () => {
  const first = await live();
  const slow = server.pipes[0];
  say(first, "mine");
  await time.pass(20);
  await open();
  for (let i = 0; i < 10; i++) {
    for (const pipe of server.pipes) if (pipe !== slow) while (server.step(pipe));
    await time.pass(50);
  }
  expect(server.posts).toBe(0);
  await calm();
  expect(server.posts).toBe(1);
});

test("over a good line each draft is sent once", async () => {
  const page = await live();
  for (const text of ["one", "two", "three", "four"]) say(page, text);
  await calm();
  expect(texts()).toEqual(["one", "two", "three", "four"]);
  expect(server.posts).toBe(4);
});

test("a busy store is left alone for as long as it asks", async () => {
  const page = await live();
  server.refuse = { code: "store_busy", then: "retry", after_ms: 5_000 };
  say(page, "first");
  await time.pass(50);
  server.run();
  say(page, "second");
  await time.pass(2_000);
  server.run();
  expect(server.posts).toBe(1);
});

test("what a closed page has not sent is sent by the page that is left", async () => {
  const first = await live();
  const second = await live();
  server.kill();
  say(first, "left behind");
  await time.pass(50);
  first.emit("leaving");
  first.crash();
  await time.pass(50);
  server.up = true;
  await calm();
  expect(texts()).toEqual(["left behind"]);
  expect(second.client.store.getState().outbox).toEqual([]);
});
