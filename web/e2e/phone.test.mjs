/** A phone: one column, everything within reach, nothing wider than the screen. */
import assert from "node:assert/strict";
import { after, before } from "node:test";
import { journey } from "./journey.mjs";
import { composer, device, inRoom, join, launch, message, say, setUp } from "./people.mjs";
import { Server } from "./server.mjs";

const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

let browser;
let server;
let owner;
before(async () => {
  [browser, server] = await Promise.all([launch(), Server.start()]);
  owner = await device(browser);
  await setUp(owner, server);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

async function fits(page) {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  assert.equal(wide, 0, "nothing is wider than the screen");
}

journey("a phone goes from the invite to the room and back to the list of rooms", async () => {
  const phone = await join(browser, server, "member", "member", PHONE);
  await fits(phone);
  await composer(phone).waitFor();
  // On glass the return key starts a line.
  await composer(phone).fill("from a phone");
  await phone.getByRole("button", { name: "Send", exact: true }).click();
  await message(owner, "from a phone").waitFor();
  await say(owner, `from a desk, with a long word: ${"x".repeat(200)}`);
  await message(phone, "from a desk").waitFor();
  await fits(phone);
  await phone.getByRole("link", { name: "Back to the list of rooms" }).click();
  const rooms = phone.getByRole("navigation", { name: "Rooms and people" });
  await rooms.getByRole("link", { name: /lobby/ }).waitFor();
  await fits(phone);
  await rooms.getByRole("link", { name: /lobby/ }).click();
  await inRoom(phone, "lobby");
  await phone.getByRole("button", { name: "Room details" }).click();
  await phone.getByRole("complementary", { name: "Details" }).waitFor();
  await fits(phone);
  assert.deepEqual(phone.faults, []);
});

journey("a phone goes back from what a search found in as many steps as it came", async () => {
  const phone = await join(browser, server, "member", "second", PHONE);
  await say(owner, "the heron stands in the reeds");
  await message(phone, "heron").waitFor();
  await phone.getByRole("link", { name: "Back to the list of rooms" }).click();
  const rooms = phone.getByRole("navigation", { name: "Rooms and people" });
  await rooms.getByRole("link", { name: /lobby/ }).click();
  await inRoom(phone, "lobby");
  await phone.getByRole("button", { name: "Search in this room" }).click();
  const panel = phone.getByRole("complementary", { name: "Search" });
  await panel.getByRole("searchbox", { name: "Search messages" }).fill("heron");
  await panel.getByRole("searchbox", { name: "Search messages" }).press("Enter");
  await panel.getByRole("button", { name: /heron/ }).first().click();
  await phone.waitForURL(/\/r\/\d+\/\d+$/);
  await panel.waitFor({ state: "detached" });
  await phone.goBack();
  await phone.waitForURL(/\/r\/\d+$/);
  await phone.goBack();
  await rooms.getByRole("link", { name: /lobby/ }).waitFor();
  assert.deepEqual(phone.faults, []);
});
