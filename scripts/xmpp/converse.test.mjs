// Converse.js in a browser, side by side with Leeward's own web app: what one person does in the one
// the other sees in the other.

import assert from "node:assert/strict";
import { after, before } from "node:test";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Converse, site } from "./converse.mjs";
import { ROOT, serve } from "./serve.mjs";

const journeys = (file) => import(pathToFileURL(join(ROOT, "web/e2e", file)).href);
const people = await journeys("people.mjs");
const { journey } = await journeys("journey.mjs");
const { composer, device, eventually, launch, message, say, sent, textsOf, tool } = people;

/** Anything takes less than this; Converse tries again every three seconds. */
const PATIENCE_MS = 30_000;

let server;
let pages;
let browser;
let web;
let converse;

/** A page of its own, on a device of its own. */
async function page() {
  const opened = await device(browser, { ignoreHTTPSErrors: true });
  opened.context().setDefaultTimeout(PATIENCE_MS);
  return opened;
}

function enter(opened, how) {
  return Converse.enter(opened, pages, server.at, "member", how);
}

before(async () => {
  [server, pages, browser] = await Promise.all([serve(), site(), launch()]);
  web = await page();
  await web.goto(server.url);
  await web.getByRole("textbox", { name: "Name" }).fill("owner");
  await web.getByLabel("Password", { exact: true }).fill(server.at.password);
  await web.getByRole("button", { name: "Sign in" }).click();
  await people.inRoom(web, "lobby");
  converse = await enter(await page(), {
    websocket_url: `wss://127.0.0.1:${server.at.web}/xmpp-websocket`,
  });
});
after(async () => {
  await browser?.close();
  pages?.end();
  await server?.end();
});

/** A test that, when it fails, tells what the pages showed and what went over the wire. */
function test(name, walk) {
  journey(name, async () => {
    try {
      await walk();
    } catch (error) {
      error.message += `\n\nThe last that was said and heard by XMPP:\n${converse?.tail()}`;
      throw error;
    }
  });
}

test("a list of rooms and people is there without anybody having typed one", async () => {
  const { page: shown } = converse;
  await shown.locator(`.list-item.open[data-room-jid="${server.at.room}"]`).waitFor();
  const colleagues = shown.locator('.roster-group[data-group="Example"]');
  await colleagues.getByText("other").waitFor();
  await colleagues.getByText("owner").waitFor();
});

test("what is written in either is read in the other", async () => {
  await converse.say("good morning from Converse");
  await message(web, "good morning from Converse").waitFor();
  await converse.said("good morning from Converse");
  await say(web, "good morning from the web");
  await converse.message("good morning from the web").waitFor();
});

/** Types until it is seen: a server that is short of time leaves typing out first. */
async function types(field, seen) {
  for (let tries = 1; ; tries += 1) {
    await field.pressSequentially("I am wri");
    try {
      return await seen.waitFor({ timeout: 5_000 });
    } catch (error) {
      if (tries === 4) throw error;
      // Longer than either takes somebody for still typing.
      await field.fill("");
      await field.page().waitForTimeout(12_000);
    }
  }
}

test("each sees that the other types, and that it is over", async () => {
  const typists = web.locator(".typists");
  await types(converse.field, typists.filter({ hasText: "member is typing" }));
  await converse.say("I am writing");
  await message(web, "I am writing").waitFor();
  await typists.filter({ hasNotText: "typing" }).waitFor({ state: "attached" });
  await types(composer(web), converse.notices.filter({ hasText: "owner is typing" }));
  await say(web, "so am I");
  await converse.message("so am I").waitFor();
  await converse.notices
    .filter({ hasNotText: "owner is typing" })
    .waitFor({ state: "attached" });
});

test("an edit in either changes the message in the other", async () => {
  await converse.say("we meet at nien");
  await converse.said("we meet at nien");
  await message(web, "we meet at nien").waitFor();
  await converse.edit("we meet at nien", "we meet at nine");
  await message(web, "we meet at nine").getByRole("button", { name: "edited" }).waitFor();
  assert.equal(await message(web, "at nien").count(), 0, "it is the same message");

  await say(web, "in the big rom");
  await converse.message("in the big rom").waitFor();
  await sent(web, "in the big rom");
  await tool(web, "in the big rom", "Edit");
  const box = web.getByRole("textbox", { name: "Editing your message" });
  await box.fill("in the big room");
  await box.press("Enter");
  await converse.message("in the big room").locator(".chat-msg__edit-modal").waitFor();
  assert.equal(await converse.message("big rom").count(), 0, "it is the same message");
});

test("a reaction in either is at the message in the other", async () => {
  await say(web, "shall we start?");
  await converse.message("shall we start?").waitFor();
  const emoji = await converse.react("shall we start?");
  const chip = (name) => message(web, "shall we start?").getByRole("button", { name });
  await chip(`${emoji}: member`).waitFor();

  await tool(web, "shall we start?", "React");
  const picker = web.getByRole("dialog", { name: "Choose an emoji" });
  await picker.getByRole("searchbox", { name: "Find an emoji" }).fill("tada");
  await picker.getByRole("button", { name: "tada" }).first().click();
  const tada = converse.reaction("shall we start?", "🎉");
  await tada.waitFor();
  await chip(/🎉: you/).click();
  await tada.waitFor({ state: "detached" });
  assert.match(await converse.reaction("shall we start?", emoji).textContent(), /1/);
});

test("a server that is killed has both of them back, with every message once", async () => {
  const WORDS = /(?:storm|after) \d+ (?:here|there)/;
  for (let i = 1; i <= 5; i += 1) {
    await converse.say(`storm ${i} here`);
    await say(web, `storm ${i} there`);
  }
  await converse.said("storm 5 here");
  await sent(web, "storm 5 there");
  await server.order("down");
  // What is written in the web app while there is no server goes out once there is one.
  await say(web, "after 1 there");
  await server.order("up");
  await server.say("other", "after 2 there");
  await converse.message("after 1 there").waitFor();
  await converse.message("after 2 there").waitFor();
  await converse.say("after 3 here");
  await converse.said("after 3 here");
  await message(web, "after 3 here").waitFor();

  const all = (await server.lines()).map((line) => line.text?.match(WORDS)?.[0]).filter(Boolean);
  assert.equal(all.length, 13, "nothing is lost, and nothing is there twice");
  assert.equal(new Set(all).size, 13, `nothing is there twice: ${all}`);
  await eventually(() => textsOf(web, WORDS), (seen) => seen.join() === all.join(), "in the web app");
  // Converse puts its own words where its own clock says that they were said.
  const sorted = [...all].sort().join();
  await eventually(() => converse.texts(WORDS), (seen) => seen.sort().join() === sorted, "there");
});

test("over BOSH somebody signs in, says and hears", async () => {
  converse = await enter(await page(), { bosh_service_url: `${server.url}/http-bind` });
  await converse.message("after 3 here").waitFor();
  await converse.say("by requests of HTTP");
  await converse.said("by requests of HTTP");
  await message(web, "by requests of HTTP").waitFor();
  await say(web, "an answer to a request");
  await converse.message("an answer to a request").waitFor();
  
});

test("nothing of this made Leeward's page complain", () => {
  // A worker is not fetched from a server whose certificate the browser has only been told to bear.
  const faults = web.faults.filter((fault) => !/SSL certificate error/.test(fault));
  assert.deepEqual(faults, []);
});
