/** axe-core finds no serious and no critical fault on the main screens, in light and in dark. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before } from "node:test";
import { journey } from "./journey.mjs";
import { device, inRoom, launch, message, messages, say, setUp, tool } from "./people.mjs";
import { Server } from "./server.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

let browser;
let server;
before(async () => {
  [browser, server] = await Promise.all([launch(), Server.start()]);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

/** The faults that matter, each with where it is. */
async function faults(page) {
  // By the debugger's door: the page's own policy lets no foreign script in.
  const session = await page.context().newCDPSession(page);
  await session.send("Runtime.evaluate", { expression: AXE });
  const { result, exceptionDetails } = await session.send("Runtime.evaluate", {
    expression: "axe.run(document, { resultTypes: ['violations'] }).then(JSON.stringify)",
    awaitPromise: true,
    returnByValue: true,
  });
  await session.detach();
  assert.equal(exceptionDetails, undefined, JSON.stringify(exceptionDetails));
  return JSON.parse(result.value)
    .violations.filter((v) => v.impact === "serious" || v.impact === "critical")
    .map((v) => `${v.id}: ${v.nodes.map((n) => `${n.target} (${n.failureSummary})`).join(", ")}`);
}

async function clean(page, screen) {
  // What moves in or out is judged where it comes to rest.
  await page.evaluate(() =>
    Promise.all(document.getAnimations().map((a) => a.finished.catch(() => {}))),
  );
  assert.deepEqual(await faults(page), [], screen);
}

journey("a fault is found where there is one", async () => {
  const page = await device(browser);
  await page.setContent(
    '<html lang="en"><title>x</title><main><img src="x.png"><button></button></main>',
  );
  const found = await faults(page);
  assert(
    found.some((f) => f.startsWith("image-alt")) && found.some((f) => f.startsWith("button-name")),
  );
});

journey("the page of the set-up link and of signing in", async () => {
  for (const colorScheme of ["light", "dark"]) {
    const page = await device(browser, { colorScheme });
    await page.goto(server.setupLink);
    await page.getByRole("button", { name: "Start" }).waitFor();
    await clean(page, `set-up, ${colorScheme}`);
  }
  const owner = await device(browser);
  await setUp(owner, server);
  for (const colorScheme of ["light", "dark"]) {
    const page = await device(browser, { colorScheme });
    await page.goto(server.url);
    await page.getByRole("button", { name: "Sign in" }).waitFor();
    await clean(page, `sign-in, ${colorScheme}`);
  }
});

for (const colorScheme of ["light", "dark"]) {
  journey(`the room, its panels and the pages around it, ${colorScheme}`, async () => {
    const page = await device(browser, { colorScheme });
    await page.goto(server.url);
    await page.getByRole("textbox", { name: "Name" }).fill("owner");
    await page.getByLabel("Password", { exact: true }).fill("a password of many words");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("link", { name: /lobby/ }).first().click();
    await inRoom(page, "lobby");
    await say(
      page,
      "**bold**, `code`, a [link](https://example.org)\n\n> quoted\n\n```rust\nfn main() {}\n```",
    );
    await message(page, "quoted").last().waitFor();
    await clean(page, "room");
    await tool(page, "quoted", "Reply in a thread");
    await page.getByRole("complementary", { name: "Thread" }).waitFor();
    await clean(page, "thread");
    for (const [button, panel] of [
      ["Search in this room", "Search"],
      ["Room details", "Details"],
      [/^\d+ members?$/, /^\d+ members?$|^Members$/],
    ]) {
      await page.getByRole("button", { name: button }).click();
      await page.getByRole("complementary", { name: panel }).waitFor();
      await clean(page, panel);
    }
    for (const [link, heading] of [
      ["Inbox", "Inbox"],
      ["Browse rooms", "Browse rooms"],
      ["People", "People"],
    ]) {
      await page
        .getByRole("navigation", { name: "Rooms and people" })
        .getByRole("link", { name: link })
        .click();
      await page.getByRole("heading", { level: 1, name: heading }).waitFor();
      await clean(page, link);
    }
    await page.goto(`${server.url}/settings`);
    await page.getByRole("heading", { level: 1, name: "Settings" }).waitFor();
    await clean(page, "settings");
    await page.keyboard.press("Control+k");
    await page.getByRole("dialog").waitFor();
    await clean(page, "switcher");
    assert.equal(await messages(page).count(), 0);
  });
}
