// Profanity in a terminal, over TCP with STARTTLS: typed into and read as a person does.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { serve } from "./serve.mjs";
import { signIn, Terminal } from "./terminal.mjs";

let server;
let terminal;
before(async () => {
  server = await serve();
  await server.say("owner", "said before anybody came");
  terminal = new Terminal();
});
after(async () => {
  terminal?.end();
  await server?.end();
});

/** The texts in the lobby that match, in order. */
async function said(pattern) {
  return (await server.lines()).map((line) => line.text).filter((text) => pattern.test(text));
}

/** Waits until the lobby has it. */
async function has(text) {
  const until = Date.now() + 10_000;
  while (!(await said(/./)).includes(text)) {
    assert(Date.now() < until, `it is not in the lobby: ${text}`);
    await new Promise((next) => setTimeout(next, 50));
  }
}

test("it signs in over STARTTLS, and colleagues and rooms are there", async () => {
  await signIn(terminal, server.at, "member");
  await terminal.shows(/Offline \(\d+\)[^]*owner/);
  await terminal.shows(/Rooms \(\d+\)[^]*lobby/);
});

test("the room shows what was said before, and who is there", async () => {
  terminal.type("/join lobby@rooms.localhost");
  await terminal.shows("owner: said before anybody came");
  await terminal.shows(/Room subject: Everybody is here/);
});

test("what is typed is in the room, and what is said there is on the screen", async () => {
  terminal.type("good morning from a terminal");
  await has("good morning from a terminal");
  await server.say("owner", "good morning, terminal");
  await terminal.shows("owner: good morning, terminal");
  assert.equal(terminal.screen().split("good morning from a terminal").length, 2, "it is shown once");
});

test("a correction changes the message that was said", async () => {
  terminal.type("/correction on");
  terminal.type("we meet at nien");
  await has("we meet at nien");
  terminal.type("/correct we meet at nine");
  await has("we meet at nine");
  assert.equal((await said(/at nien/)).length, 0, "it is the same message");
  const mine = (await server.lines()).find((line) => line.text === "we meet at nine");
  assert(mine, "and it is still there");
  await terminal.shows("member: we meet at nine");
});

test("somebody else's edit changes what is on the screen", async () => {
  const { seq } = await server.say("other", "it rians");
  await terminal.shows("other: it rians");
  await server.edit("other", seq, "it rains");
  const screen = await terminal.shows("other: it rains");
  assert(!screen.includes("it rians"));
});

test("it leaves the room and hears no more of it, and comes back to what it missed", async () => {
  terminal.type("/xmlconsole");
  terminal.type("/win 2");
  await terminal.shows("other: it rains");
  terminal.type("/close");
  terminal.type("/xmlconsole");
  // Its lines are broken wherever they end.
  const wire = () => terminal.screen().replace(/\s+/g, "");
  await terminal.shows(/code="110"/);
  assert.match(wire(), /<presence[^>]*type="unavailable"[^]*code="110"/);
  await server.say("owner", "this is for the others");
  terminal.type("/ping");
  await terminal.shows(/<iq [^>]*type="result"/);
  assert(!wire().includes("thisisfortheothers"), wire());
  terminal.type(`/join ${server.at.room}`);
  await terminal.shows("owner: this is for the others");
});

test("a server that is killed has it back, in its room, with every message once", async () => {
  terminal.type("before the storm");
  await has("before the storm");
  await server.order("down");
  await terminal.shows("Lost connection.");
  await server.order("up");
  await server.say("owner", "while it was away");
  await terminal.shows("Connection re-established.");
  await terminal.shows("owner: while it was away");
  terminal.type("after the storm");
  await has("after the storm");
  await server.say("owner", "welcome back");
  const screen = await terminal.shows("owner: welcome back");
  for (const text of ["before the storm", "while it was away", "after the storm"]) {
    assert.equal((await said(new RegExp(text))).length, 1, text);
    assert.equal(screen.split(text).length, 2, `shown once: ${text}\n${screen}`);
  }
});
