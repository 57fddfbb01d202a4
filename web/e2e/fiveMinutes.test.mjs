/**
 * The first five minutes of somebody who tries Leeward, from the command line to the end of a storm:
 * a link of few words, three fields, a guest, a server that dies under two who type, and an outage
 * held on purpose on that very server, watched on the operator's page.
 */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join as path } from "node:path";
import { text } from "node:stream/consumers";
import { after, before } from "node:test";
import { journey } from "./journey.mjs";
import {
  bar,
  composer,
  device,
  eventually,
  inRoom,
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

/** What `serve` says before anybody can read it in passing. */
const LINES_MAX = 10;
/** The outage of one's first five minutes: enough for a storm, and over in seconds. */
const CLIENTS = 300;
/** How long an outage of that size may take here, rests included, on a machine that is busy. */
const DRILL_MS = 120_000;

let browser;
let server;
before(async () => {
  [browser, server] = await Promise.all([launch(), Server.start(["--allow-drills"])]);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

/** The guest comes in by a link that the owner makes in the app. */
async function guestOf(owner) {
  await message(owner, "Open a second window as a guest").waitFor();
  const token = await server.signIn("owner", PASSWORD);
  const rooms = await server.api(token, "GET", "/rooms");
  const lobby = rooms.find((room) => room.name === "lobby");
  const invite = await server.api(token, "POST", "/invites", { role: "guest", rooms: [lobby.id] });
  const guest = await device(browser);
  await guest.goto(`${server.url}/invite/${invite.token}`);
  await guest.getByRole("textbox", { name: "Your name" }).fill("guest");
  await guest.getByRole("button", { name: "Join" }).click();
  await inRoom(guest, "lobby");
  return guest;
}

/** Both type and read for as long as the outage lasts; returns how many words were seen by the other. */
async function chat([one, other], over) {
  let n = 0;
  while (!over.done) {
    n += 1;
    const [from, to] = n % 2 === 1 ? [one, other] : [other, one];
    await say(from, `during ${n}.`);
    await message(to, `during ${n}.`).waitFor();
  }
  return n;
}

/** Holds the outage on the server, with everybody watching. */
function drill(token) {
  const tokenFile = path(server.dir, "owner.token");
  writeFileSync(tokenFile, token, { mode: 0o600 });
  const child = server.spawn([
    ...["drill", "storm", "--clients", String(CLIENTS), "--room-size", "30", "--force", "--json"],
    ...["--against", server.url, "--token-file", tokenFile, "--brisk"],
    ...["--operator-file", path(server.dataDir, "operator.json")],
    ...["--report", path(server.dir, "report")],
  ]);
  const late = setTimeout(() => child.kill("SIGKILL"), DRILL_MS);
  const end = new Promise((resolve) => child.once("exit", resolve));
  return Promise.all([text(child.stdout), text(child.stderr), end]).then(([out, err, status]) => {
    clearTimeout(late);
    return { out, err, status };
  });
}

journey("the first five minutes, the storm included", async () => {
  const { greeting } = server;
  assert(greeting.length <= LINES_MAX, `${greeting.length} lines:\n${greeting.join("\n")}`);
  assert(greeting.some((line) => line.includes(server.setupLink)));

  const owner = await device(browser);
  await setUp(owner, server);
  const guest = await guestOf(owner);
  const both = [owner, guest];
  await say(owner, "a word");
  await message(guest, "a word").waitFor();
  await Promise.all(both.map(watchBar));

  // The server is killed, two messages are typed, the bar is calm.
  await server.kill();
  await say(owner, "in the dark 1.");
  await say(owner, "in the dark 2.");
  for (const page of both) {
    await bar(page)
      .getByText(/^Reconnecting… You can keep reading and writing\./)
      .waitFor();
    assert.equal(await page.getByRole("dialog").count(), 0);
    assert.equal(await composer(page).isEnabled(), true);
  }
  await server.run();
  for (const page of both) {
    await eventually(
      async () => (await barSaid(page)).map(({ said }) => said),
      (said) => said.some((words) => words.startsWith("Back")),
      "the bar says that all is well again",
    );
    await message(page, "in the dark 2.").waitFor();
    assert.deepEqual(await textsOf(page, /in the dark \d\./), ["in the dark 1.", "in the dark 2."]);
  }
  for (const n of [1, 2]) await sent(owner, `in the dark ${n}.`);

  // An outage on that very server, watched by its operator, while both go on talking.
  const operator = await tab(owner);
  await operator.goto(server.operatorUrl);
  const token = await server.signIn("owner", PASSWORD);
  const began = await owner.evaluate(() => window.barSamples.length);
  const over = { done: false };
  const held = drill(token).finally(() => {
    over.done = true;
  });
  const during = await chat(both, over);
  const { out, err, status } = await held;
  assert(out.startsWith("{"), `the drill says:\n${out}\n${err}`);
  const report = JSON.parse(out);
  const { run } = report;
  assert.equal(run.missing, 0, "all are back");
  assert(run.dropped > CLIENTS / 2, `a storm of ${run.dropped}`);
  const { lost, duplicated, reordered } = run.verdict;
  assert.deepEqual({ lost, duplicated, reordered }, { lost: 0, duplicated: 0, reordered: 0 });
  const broken = report.promises.filter(({ held: kept, timed }) => !kept && !timed);
  assert.deepEqual(broken, [], `exit status ${status}`);

  // How fast is the drill's to measure, on survivors of its own; that it works is seen here.
  assert(during >= 2, `${during} words went from one window to the other while it lasted`);
  const words = Array.from({ length: during }, (_, i) => `during ${i + 1}.`);
  for (const page of both) {
    await message(page, words.at(-1)).waitFor();
    assert.deepEqual(await textsOf(page, /during \d+\./), words, "each word once and in order");
    const said = (await barSaid(page)).slice(began).map((sample) => sample.said);
    const alarmed = said.filter((line) => !/^(|Back.*|Chat is live\..*)$/.test(line));
    assert.deepEqual(alarmed, [], "neither window lost its connection");
    await messages(page).waitFor();
    assert.deepEqual(page.faults, []);
  }

  // The operator's page has it on record.
  await operator
    .locator("#journal")
    .getByText(/^.*Storm began: /)
    .first()
    .waitFor();
  await operator
    .locator("#journal")
    .getByText(/Storm over after \d\d:\d\d/)
    .first()
    .waitFor();
  assert.deepEqual(operator.faults, []);
});
