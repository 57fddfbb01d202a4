/** What is unread, what the bar says, who is told: the honest parts. */
import { beforeEach, describe, expect, test } from "vitest";
import type { Draft } from "../src/wire/types.ts";
import { ModelServer } from "./modelServer.ts";
import { FakePage, Profile } from "./page.ts";
import { Dice, Time } from "./time.ts";

let time: Time;
let server: ModelServer;
let profile: Profile;
let page: FakePage;
let count = 0;

beforeEach(async () => {
  time = new Time();
  server = new ModelServer(() => time.now, ["a", "b"], ["one", "two"]);
  profile = new Profile();
  page = open();
  await calm();
});

function open(): FakePage {
  return new FakePage({ profile, server, time, dice: new Dice(3), account: 1 });
}

async function calm(): Promise<void> {
  for (let i = 0; i < 20; i++) {
    server.run();
    await time.pass(500);
  }
}

function hear(text: string, room = 1): void {
  const draft: Draft = {
    kind: "message",
    text,
    thread: null,
    also_room: false,
    files: [],
    quote: null,
  };
  server.append(2, room, `b${++count}`, draft);
}

const state = () => page.client.store.getState();

describe("unread", () => {
  test("a room that is not on the screen is bold until it is read", async () => {
    hear("hello", 2);
    await calm();
    expect(page.room(2).unread).toMatchObject({ bold: true, muted: false });
    expect(state().attention.bold).toBe(true);
    page.client.marks.readAll(2);
    await calm();
    expect(page.room(2).unread.bold).toBe(false);
    expect(server.rooms.get(2)?.read.get(1)).toBe(1);
  });

  test("being in view marks as read, unless the page is hidden", async () => {
    page.visible = false;
    hear("hello");
    await calm();
    page.client.marks.readInView(1);
    expect(page.room(1).unread.bold).toBe(true);
    page.visible = true;
    page.client.marks.readInView(1);
    expect(page.room(1).unread.bold).toBe(false);
  });

  test("what was marked unread stays so while it is in view", async () => {
    hear("one");
    hear("two");
    await calm();
    page.client.marks.readInView(1);
    page.client.marks.unreadFrom(1, 2);
    page.client.marks.readInView(1);
    await calm();
    expect(page.room(1).unread.bold).toBe(true);
    expect(page.room(1).newAfter).toBe(1);
    expect(server.rooms.get(1)?.read.get(1)).toBe(1);
  });

  test("one's own message is read, on every device", async () => {
    hear("hello");
    await calm();
    page.client.marks.readInView(1);
    const draft = { text: "hi", thread: null, also_room: false, files: [], quote: null };
    page.client.outbox.post(1, { kind: "message", ...draft });
    await calm();
    expect(page.room(1).unread.bold).toBe(false);
    expect(server.rooms.get(1)?.read.get(1)).toBe(2);
  });

  test("what was read without a server is told to it after a reload", async () => {
    hear("hello", 2);
    await calm();
    server.kill();
    page.client.marks.readAll(2);
    await time.pass(50);
    page.crash();
    server.up = true;
    page = open();
    await calm();
    expect(server.rooms.get(2)?.read.get(1)).toBe(1);
    expect(page.room(2).unread.bold).toBe(false);
  });
});

describe("the bar", () => {
  test("says nothing for a blip, then since when, and what waits, then that all is well", async () => {
    const seen = time.now;
    server.kill();
    await time.pass(100);
    expect(state().bar).toEqual({ state: "blip" });
    page.client.outbox.post(1, {
      kind: "message",
      text: "x",
      thread: null,
      also_room: false,
      files: [],
      quote: null,
    });
    await time.pass(3_000);
    const bar = state().bar;
    expect(bar).toMatchObject({ state: "reconnecting", waiting: 1 });
    expect(bar.state === "reconnecting" && (bar.inSyncUntil ?? 0)).toBeLessThanOrEqual(seen);
    for (let n = 0; n < 4; n++) hear("missed");
    server.up = true;
    for (let i = 0; state().bar.state !== "back" && i < 600; i++) {
      server.run();
      await time.pass(100);
    }
    expect(state().bar).toMatchObject({ state: "back", count: 4, atLeast: false, room: 1 });
    await calm();
    expect(state().bar).toEqual({ state: "live" });
  });

  test("notices a link that is dead without a word within ten seconds", async () => {
    for (const pipe of server.pipes) pipe.socket.send = () => {};
    await time.pass(10_000);
    expect(["blip", "reconnecting"]).toContain(state().bar.state);
  });

  test("nobody is shown as online without a live lease", async () => {
    for (const pipe of server.pipes) {
      const frame = { t: "presence", room: 1, people: [[2, "online"]], whole: true };
      pipe.toClient.push(JSON.stringify(frame));
    }
    await calm();
    expect(state().presence.get(2)).toBe("online");
    server.kill();
    await time.pass(10);
    expect(state().presence.size).toBe(0);
  });
});

describe("a page that opens without a server", () => {
  test("shows what was kept, with its time", async () => {
    hear("kept");
    await calm();
    const seen = time.now;
    await time.pass(2_000);
    page.crash();
    server.kill();
    page = open();
    await time.pass(50);
    expect(state().phase).toBe("signed_in");
    expect(page.lines(1).map(({ event }) => event.kind === "message" && event.text)).toEqual([
      "kept",
    ]);
    expect(page.room(1).asOf).toBeGreaterThan(0);
    expect(page.room(1).asOf).toBeLessThanOrEqual(seen + 2_000);
  });

  test("has the threads that were open", async () => {
    hear("root");
    const reply = { text: "a reply", thread: 1, also_room: false, files: [], quote: null };
    server.append(2, 1, "reply", { kind: "message", ...reply });
    page.client.threads.open(1, 1);
    await calm();
    page.crash();
    server.kill();
    page = open();
    await time.pass(50);
    const thread = state().threads.get("1/1");
    expect(thread?.first?.event).toMatchObject({ text: "root", replies: { count: 1 } });
    expect(thread?.items).toMatchObject([{ event: { text: "a reply" } }]);
  });

  test("has the drafts", async () => {
    page.client.drafts.write("1", { text: "half a sen" });
    await time.pass(400);
    page.crash();
    page = open();
    await time.pass(50);
    expect(state().drafts.get("1")?.text).toBe("half a sen");
  });
});

describe("notifications", () => {
  test("tell of a mention when nobody looks, and of nothing else", async () => {
    page.visible = false;
    hear("for @a");
    hear("not for anybody");
    await calm();
    expect(page.notes).toMatchObject([{ kind: "message", room: 1, event: { text: "for @a" } }]);
  });

  test("are silent about the room one looks at", async () => {
    hear("for @a");
    await calm();
    expect(page.notes).toEqual([]);
  });

  test("after an absence come as one summary", async () => {
    page.visible = false;
    server.kill();
    for (let n = 0; n < 5; n++) hear("for @a");
    server.up = true;
    await calm();
    expect(page.notes).toEqual([{ kind: "summary", count: 5, room: 1 }]);
  });
});
