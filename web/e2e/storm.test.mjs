/**
 * The server is killed while two people type, and started again: every message exactly once and in
 * order, and the bar honest all along.
 */
import assert from "node:assert/strict";
import { after, before } from "node:test";
import { journey } from "./journey.mjs";
import {
  bar,
  device,
  eventually,
  join,
  launch,
  message,
  messages,
  say,
  sent,
  setUp,
  textsOf,
} from "./people.mjs";
import { Server } from "./server.mjs";
import { barSaid, saidAt, watchBar } from "./watch.mjs";

/** Up to this long a lost link is a blip, about which the bar says nothing, with room for a slow machine. */
const BLIP_MS = 3_000 + 2_500;
const EACH = 12;

let browser;
let server;
before(async () => {
  [browser, server] = await Promise.all([launch(), Server.start()]);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

/** What the room's log holds, as the HTTP API tells it. */
async function stored() {
  const token = await server.signIn("owner", "a password of many words");
  const rooms = await server.api(token, "GET", "/rooms");
  const lobby = rooms.find((room) => room.name === "lobby");
  const page = await server.api(token, "GET", `/rooms/${lobby.id}/lines?limit=200`);
  return page.lines.filter((line) => line.kind === "message").map((line) => line.text);
}

journey(
  "a server that dies under two who type loses nothing, doubles nothing and is told of",
  async () => {
    const owner = await device(browser);
    await setUp(owner, server);
    const member = await join(browser, server, "member", "member");
    await Promise.all([watchBar(owner), watchBar(member)]);

    const type = async (page, name, from, to) => {
      for (let n = from; n <= to; n += 1) await say(page, `${name} says ${n}.`);
    };
    await Promise.all([type(owner, "owner", 1, 4), type(member, "member", 1, 4)]);
    // Killed in the middle: what was typed a moment ago may be on its way, stored, or acknowledged.
    const typing = Promise.all([type(owner, "owner", 5, 9), type(member, "member", 5, 9)]);
    await server.kill();
    const died = Date.now();
    await typing;

    // Nobody is kept from writing; the words that the bar finds are true.
    for (const page of [owner, member])
      await bar(page)
        .getByText(/^Reconnecting…/)
        .waitFor();
    await Promise.all([type(owner, "owner", 10, EACH), type(member, "member", 10, EACH)]);
    for (const page of [owner, member]) {
      await bar(page)
        .getByText(/In sync until \d\d:\d\d:\d\d\./)
        .waitFor();
      await bar(page)
        .getByText(/\d+ messages? waiting\./)
        .waitFor();
      await message(page, `says ${EACH}.`).getByText("Waiting to be sent").first().waitFor();
    }
    const rising = Date.now();
    await server.run();
    for (const page of [owner, member]) {
      await eventually(
        () => textsOf(page, /(owner|member) says \d+\./),
        (texts) => texts.length === 2 * EACH,
        "every message of both on the screen",
      );
      await eventually(
        () =>
          messages(page)
            .getByText(/Sending…|Waiting to be sent/)
            .count(),
        (count) => count === 0,
        "nothing is on its way any more",
      );
    }

    const log = (await stored()).filter((text) => /says \d+\.$/.test(text));
    for (const name of ["owner", "member"]) {
      const theirs = log.filter((text) => text.startsWith(name));
      const wanted = Array.from({ length: EACH }, (_, i) => `${name} says ${i + 1}.`);
      assert.deepEqual(theirs, wanted, `what ${name} wrote, once and in order`);
    }
    for (const page of [owner, member]) {
      assert.deepEqual(
        await textsOf(page, /(owner|member) says \d+\./),
        log,
        "the screen shows the log",
      );
      const samples = await barSaid(page);
      // Dead, and not told: at no moment after a blip was the bar silent or glad.
      for (let at = died + BLIP_MS; at < rising; at += 25) {
        assert.match(saidAt(samples, at), /^Reconnecting…/, `${at - died} ms after the end`);
      }
      const glad = samples.filter((s) => s.at > died && s.at < rising && s.said.startsWith("Back"));
      assert.deepEqual(glad, [], "nobody was told of a server that was not there");
      const back = samples.find((s) => s.at >= rising && s.said.startsWith("Back"));
      assert(back, `the bar says that all is well again: ${JSON.stringify(samples)}`);
      await eventually(
        () => bar(page).textContent(),
        (said) => said.trim() === "",
        "the bar falls silent",
      );
      assert.deepEqual(page.faults, []);
    }
  },
);

journey("what was written while the server was away survives a reload of the page", async () => {
  const guest = await join(browser, server, "guest", "guest");
  // The page itself is on the device, too.
  await guest.evaluate(() => navigator.serviceWorker.ready);
  await server.kill();
  await say(guest, "written into the dark");
  await message(guest, "written into the dark").waitFor();
  await guest.reload();
  await message(guest, "written into the dark").waitFor();
  await server.run();
  await eventually(
    async () => (await stored().catch(() => [])).filter((text) => text === "written into the dark"),
    (found) => found.length === 1,
    "it is stored once",
  );
  await sent(guest, "written into the dark");
  assert.equal(await message(guest, "written into the dark").count(), 1);
});
