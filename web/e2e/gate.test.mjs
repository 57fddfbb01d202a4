/**
 * The operator closes the gate and drains the node: whoever is in notices nothing of a gate, whoever
 * is not is told why and keeps the place, and nothing that anybody wrote is lost.
 */
import assert from "node:assert/strict";
import { after, before } from "node:test";
import { journey } from "./journey.mjs";
import {
  bar,
  composer,
  device,
  eventually,
  inRoom,
  join,
  launch,
  message,
  messages,
  PASSWORD,
  say,
  sent,
  setUp,
  tab,
  textsOf,
} from "./people.mjs";
import { Server } from "./server.mjs";
import { barSaid, watchBar } from "./watch.mjs";

const WORDS = "The disk is being changed. Back by half past two.";
const CLOSED = { state: "closed", after_ms: 6_000, message: WORDS };
const OPEN = { state: "open" };

let browser;
let server;
let owner;
let member;
before(async () => {
  [browser, server] = await Promise.all([launch(), Server.start()]);
  owner = await device(browser);
  await setUp(owner, server);
  member = await join(browser, server, "member", "member");
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

/** What the page has written down of its place. */
function placeOf(page) {
  return page.evaluate(() => {
    const key = Object.keys(sessionStorage).find((name) => name.startsWith("leeward.line."));
    return key === undefined ? null : JSON.parse(sessionStorage.getItem(key));
  });
}

/** Counts the sockets that a page opens from here on, each with its time. */
function knocksOf(page) {
  const knocks = [];
  page.on("websocket", () => knocks.push(Date.now()));
  return knocks;
}

/** How many are before this page, as its bar says; none where the bar does not say so. */
async function placeInLine(page) {
  const words = await bar(page).textContent();
  return Number(/(\d+) (?:person|people) before you/.exec(words)?.[1] ?? 0);
}

/** So many clients that knock and wait on their connections; resolves once each has its answer. */
async function crowd(count) {
  const token = await server.signIn("member", PASSWORD);
  const page = await device(browser);
  await page.goto(server.url);
  const knock = async ([count, token]) => {
    const one = () =>
      new Promise((resolve) => {
        const socket = new WebSocket(`ws://${location.host}/api/v1/live`, "leeward.v1");
        const hello = { t: "hello", token, build: "crowd/1", account_version: 0 };
        socket.onopen = () => socket.send(JSON.stringify(hello));
        socket.onmessage = ({ data }) => resolve(JSON.parse(data).t);
      });
    return Promise.all(Array.from({ length: count }, one));
  };
  return { page, answers: await page.evaluate(knock, [count, token]) };
}

/** Waits until a page is in and has nothing to say of it but what the machine is late with. */
async function silent(page) {
  await eventually(
    () => bar(page).textContent(),
    (said) => /^(|Chat is live\..*)$/.test(said.trim()),
    "the bar is silent",
  );
}

journey("a closed gate is nobody's business who is in, and told to whoever is not", async () => {
  await watchBar(owner);
  await server.order({ command: "gate", gate: CLOSED });
  const knocks = knocksOf(member);
  await member.context().setOffline(true);
  await bar(member)
    .getByText(/offline/)
    .waitFor();
  await member.context().setOffline(false);
  await member.reload();
  await inRoom(member, "lobby");
  await bar(member)
    .getByText(/^The server lets nobody in for the moment\./)
    .waitFor();
  await bar(member).getByText(WORDS).waitFor();
  await bar(member)
    .getByText(/your place is kept/)
    .waitFor();

  // Writing goes on, and what is written waits.
  assert.equal(await composer(member).isEnabled(), true);
  await say(member, "written before the gate");
  await message(member, "written before the gate").getByText("Waiting to be sent").waitFor();

  // Whoever is in goes on as if nothing were.
  await say(owner, "nothing to see here");
  await sent(owner, "nothing to see here");
  // A machine that is busy with other things may be late with what is not chat, and says so.
  const alarmed = (await barSaid(owner)).filter(({ said }) => !/^(|Chat is live\..*)$/.test(said));
  assert.deepEqual(alarmed, [], "the bar of who is in says nothing of it");

  // Loaded again, the page has the words and the place before it has asked anybody.
  const place = await placeOf(member);
  assert(place?.slot, `a place is kept: ${JSON.stringify(place)}`);
  const before = knocks.length;
  await member.reload();
  await bar(member).getByText(WORDS).waitFor();
  const again = await placeOf(member);
  assert.equal(again.slot, place.slot, "the place is the same");
  await eventually(
    () => knocks.length,
    (count) => count > before,
    "it asks again",
  );
  assert(knocks[before] >= place.at - 50, "and not before its time");

  await server.order({ command: "gate", gate: OPEN });
  await message(member, "nothing to see here").waitFor();
  await sent(member, "written before the gate");
  await message(owner, "written before the gate").waitFor();
  assert.equal(await message(owner, "written before the gate").count(), 1);
  await silent(member);
  assert.equal(await placeOf(member), null, "a place that was used is forgotten");
  for (const page of [owner, member]) assert.deepEqual(page.faults, []);
});

journey("two tabs of one account knock as one while the gate is closed", async () => {
  const second = await tab(member);
  await second.goto(member.url());
  await inRoom(second, "lobby");
  await silent(second);
  await server.order({ command: "gate", gate: { ...CLOSED, after_ms: 8_000 } });
  // Both lose their connections; one is told to wait, and the other waits with it and asks nobody.
  await member.reload();
  await bar(member).getByText(WORDS).waitFor();
  const knocks = knocksOf(second);
  await second.reload();
  await bar(second).getByText(WORDS).waitFor();
  const told = (await placeOf(member)).at;
  await eventually(
    () => placeOf(member),
    (place) => place !== null && place.at > told,
    "the first asks again",
  );
  assert.deepEqual(knocks, [], "the second asks nobody while the first waits");
  await server.order({ command: "gate", gate: OPEN });
  await silent(member);
  await silent(second);
  assert.equal(knocks.length, 1, "one knock once the first was in");
  await second.close();
});

journey("sleep, another network and a look at the page ask no sooner than told", async () => {
  await server.order({ command: "gate", gate: { ...CLOSED, after_ms: 8_000 } });
  await member.reload();
  await bar(member).getByText(WORDS).waitFor();
  const knocks = knocksOf(member);
  const { at, slot } = await placeOf(member);
  const sleeper = await member.context().newCDPSession(member);
  await sleeper.send("Page.setWebLifecycleState", { state: "frozen" });
  await sleeper.send("Page.setWebLifecycleState", { state: "active" });
  await member.context().setOffline(true);
  await member.context().setOffline(false);
  await member.evaluate(() => {
    window.dispatchEvent(new Event("online"));
    document.dispatchEvent(new Event("visibilitychange"));
  });
  await eventually(
    () => knocks.length,
    (count) => count > 0,
    "it asks at its time",
  );
  assert(knocks[0] >= at - 50, `${at - knocks[0]} ms too soon`);
  await eventually(
    () => placeOf(member),
    (place) => place !== null && place.at > at,
    "and is told to ask again",
  );
  assert.equal((await placeOf(member)).slot, slot, "its place is the same");
  await server.order({ command: "gate", gate: OPEN });
  await silent(member);
});

journey("a paced gate shows the place, which a reload keeps, and everybody comes in", async () => {
  const AHEAD = 14;
  await server.order({
    command: "gate",
    gate: { state: "paced", per_s: 1, message: "One by one, please." },
  });
  const { page, answers } = await crowd(AHEAD);
  assert(answers.includes("parked"), answers.join(", "));
  await member.reload();
  await bar(member)
    .getByText(/^The server is letting everyone back in\. Your turn in about \d+ s/)
    .waitFor();
  await bar(member).getByText("One by one, please.").waitFor();
  const place = await placeInLine(member);
  assert(place <= AHEAD, `${place} of ${AHEAD} are before`);
  await eventually(
    () => placeInLine(member),
    (now) => now < place,
    "the line moves",
  );
  const moved = await placeInLine(member);
  await member.reload();
  await bar(member)
    .getByText(/before you|Your turn is next/)
    .waitFor();
  assert((await placeInLine(member)) <= moved, "loaded again, it stands no further back");
  await silent(member);
  await server.order({ command: "gate", gate: OPEN });
  await page.close();
  const { classes } = await (await fetch(`${server.operatorUrl}/api/storm`)).json();
  const stale = classes.find((row) => row.class === "stale");
  assert.equal(stale.knocks, 0, "the app that the server serves is no build of yesterday");
  assert.deepEqual(member.faults, []);
});

journey("a drain tells everybody when to come back, and nothing is lost over it", async () => {
  await Promise.all([watchBar(owner), watchBar(member)]);
  await server.order({ command: "drain", over_ms: 4_000 });
  for (const page of [owner, member]) await bar(page).getByText(/./).first().waitFor();
  await Promise.all([say(owner, "drained 1."), say(member, "drained 2.")]);
  await server.end();
  await Promise.all([say(owner, "drained 3."), say(member, "drained 4.")]);
  await server.run();
  for (const page of [owner, member]) {
    await eventually(
      () => textsOf(page, /drained \d\./),
      (texts) => texts.length === 4,
      "all four on the screen",
    );
    await eventually(
      () =>
        messages(page)
          .getByText(/Sending…|Waiting to be sent/)
          .count(),
      (count) => count === 0,
      "nothing is on its way any more",
    );
    const said = await eventually(
      async () => (await barSaid(page)).map((sample) => sample.said),
      (all) => all.some((words) => words.startsWith("Back")),
      "told of the end",
    );
    const told = said.some((words) => words.startsWith("The server is restarting."));
    assert(told, `told of the drain: ${JSON.stringify(said)}`);
    await silent(page);
    assert.deepEqual(page.faults, []);
  }
  assert.deepEqual(await textsOf(owner, /drained \d\./), await textsOf(member, /drained \d\./));
});
