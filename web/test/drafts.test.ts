/** What is half written is still there, whatever happens to the page. */
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

function open(): FakePage {
  return new FakePage({ profile, server, time, dice: new Dice(1), account: 1 });
}

async function live(): Promise<FakePage> {
  const page = open();
  for (let i = 0; i < 10; i++) {
    server.run();
    await time.pass(500);
  }
  return page;
}

function text(page: FakePage): string | undefined {
  return page.client.store.getState().drafts.get("1")?.text;
}

/** A store whose table of drafts takes this long to write. */
function slow(keep: Keep, ms: number): Keep {
  const wait = () => new Promise<void>((done) => void time.timer(done, ms));
  return {
    all: (table) => keep.all(table),
    entries: (table) => keep.entries(table),
    one: (table, key) => keep.one(table, key),
    put: async (table, key, value) => {
      if (table === "drafts") await wait();
      await keep.put(table, key, value);
    },
    drop: async (table, key) => {
      if (table === "drafts") await wait();
      await keep.drop(table, key);
    },
    close: () => {},
  };
}

test("a key pressed the moment before the page dies is not lost", async () => {
  const page = await live();
  page.client.drafts.write("1", { text: "half a thought" });
  page.crash();
  const again = await live();
  expect(text(again)).toBe("half a thought");
  expect(profile.words.has("leeward.drafts.1"), "it is in the store by now").toBe(false);
});

test("what a slow device has not written when the page dies is not lost", async () => {
  profile.openKeep = async () => slow(await openKeep(1), 60_000);
  const page = await live();
  page.client.drafts.write("1", { text: "half" });
  await time.pass(1_000);
  page.client.drafts.write("1", { text: "half a thought" });
  page.emit("leaving");
  page.crash();
  profile.openKeep = () => openKeep(1);
  expect(text(await live())).toBe("half a thought");
});

test("what was sent does not come back as a draft, however slow the device", async () => {
  const page = await live();
  page.client.drafts.write("1", { text: "said" });
  await time.pass(1_000);
  page.crash();
  profile.openKeep = async () => slow(await openKeep(1), 60_000);
  const second = await live();
  expect(text(second)).toBe("said");
  second.client.drafts.clear("1");
  second.crash();
  profile.openKeep = () => openKeep(1);
  expect(text(await live())).toBeUndefined();
});

test("what another page has written since is not undone by one that died before", async () => {
  const page = await live();
  page.client.drafts.write("1", { text: "early" });
  const words = profile.words.get("leeward.drafts.1") ?? "";
  expect(words).toContain("early");
  await time.pass(1_000);
  page.client.drafts.write("1", { text: "late" });
  await time.pass(1_000);
  page.crash();
  profile.words.set("leeward.drafts.1", words);
  expect(text(await live())).toBe("late");
});

test("a room is never shown without the draft that is kept for it", async () => {
  const page = await live();
  page.client.drafts.write("1", { text: "half a thought" });
  await time.pass(1_000);
  page.crash();
  const again = open();
  const seen: (string | undefined)[] = [];
  again.client.store.subscribe(() => {
    if (again.client.store.getState().rooms.has(1)) seen.push(text(again));
  });
  await time.pass(5_000);
  expect(seen.length).toBeGreaterThan(0);
  expect(new Set(seen)).toEqual(new Set(["half a thought"]));
});

test("signing out leaves nothing on the device", async () => {
  profile.openKeep = async () => slow(await openKeep(1), 60_000);
  const page = await live();
  page.client.drafts.write("1", { text: "a secret" });
  expect([...profile.words.values()].join()).toContain("secret");
  await page.client.account.signOut();
  expect([...profile.words.values()].join()).not.toContain("secret");
});
