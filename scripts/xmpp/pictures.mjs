// The pictures of docs/xmpp.md: real clients in a room of a real server, each as its people see it.
// scripts/xmpp.sh pictures runs it.

import { statSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { painted } from "./ansi.mjs";
import { Converse, site } from "./converse.mjs";
import { ROOT, serve } from "./serve.mjs";
import { signIn, Terminal } from "./terminal.mjs";

const { device, launch } = await import(pathToFileURL(join(ROOT, "web/e2e/people.mjs")).href);
const INTO = join(ROOT, "docs/pictures");
/** What a page of documentation can bear. */
const BYTES_MAX = 150_000;

const [server, pages, browser] = await Promise.all([serve(), site(), launch()]);
const { at, api } = server;

/** The room in which they talk. */
const facts = { kind: "public", name: "kitchen", topic: "What there is, and when" };
const { id: room } = await api("owner", "POST", "/rooms", facts);
for (const who of ["member", "other"]) await api(who, "POST", `/rooms/${room}/join`);
const there = { ...at, room: `kitchen@rooms.${at.domain}` };

/** Does something in the room; resolves to the place that it has there. */
async function post(who, draft) {
  const nonce = `n${process.hrtime.bigint()}`;
  return (await api(who, "POST", `/rooms/${room}/events`, { nonce, draft })).seq;
}
const say = (who, text) => post(who, { kind: "message", text });
const react = (who, target, emoji) => post(who, { kind: "react", target, emoji, on: true });

async function shoot(page, name, clip) {
  const path = join(INTO, `${name}.png`);
  await page.screenshot({ path, clip });
  const { size } = statSync(path);
  console.log(`${path}: ${size} bytes`);
  if (size > BYTES_MAX) throw new Error(`${path} is too large`);
}

try {
  const soup = await say("owner", "There is soup at half past twelve.");
  await react("other", soup, "🎉");
  const terminal = new Terminal({ columns: 96, rows: 17 });
  const window = { viewport: { width: 1000, height: 668 }, ignoreHTTPSErrors: true };
  const page = await device(browser, window);
  try {
    await signIn(terminal, there, "other");
    terminal.type(`/join ${there.room}`);
    await terminal.shows("There is soup");
    const converse = await Converse.enter(page, pages, there, "member", {
      websocket_url: `wss://127.0.0.1:${at.web}/xmpp-websocket`,
    });
    await converse.say("What is in it?");
    await terminal.shows("member: What is in it?");
    terminal.type("Lentils and lemon. I made it.");
    await converse.message("Lentils and lemon").waitFor();
    await converse.react("Lentils and lemon");
    await say("owner", "And there is bread in the big tin.");
    await converse.message("big tin").waitFor();
    await converse.say("Keep a bowl for me, I am on a train until one.");
    await terminal.shows("on a train until one");
    terminal.type("It is on the stove, with your name on it.");
    await converse.message("with your name").waitFor();
    await say("owner", "The small room is free at two, by the way.");
    await terminal.shows("free at two");
    await converse.message("free at two").waitFor();
    await page.mouse.move(500, 655);
    await shoot(page, "converse");

    const drawn = await device(browser, { viewport: { width: 1000, height: 560 } });
    await drawn.setContent(painted("Profanity", terminal.screen({ colours: true })));
    await shoot(drawn, "profanity", await drawn.locator("figure").boundingBox());
  } finally {
    terminal.end();
  }
} finally {
  await browser.close();
  pages.end();
  await server.end();
}
