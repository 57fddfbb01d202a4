/**
 * People in a browser: contexts of one Chromium, each a device of somebody, spoken to by role and label
 * as assistive technology would.
 */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { chromium } from "playwright-core";

const CHROMIUM = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
/** How long anything may take; generous, because it is waited for and not slept through. */
const PATIENCE_MS = 60_000;

export const PASSWORD = "a password of many words";

/** The one browser of a test file. */
export async function launch() {
  const executablePath = CHROMIUM.find((path) => existsSync(path));
  assert(executablePath, "there is no chromium: apt-get install chromium");
  return chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
}

/** A device: its own cookies and storage, and one page. What the page does wrong is kept in `faults`. */
export async function device(browser, options = {}) {
  const context = await browser.newContext({ locale: "en-GB", ...options });
  context.setDefaultTimeout(PATIENCE_MS);
  return watched(await context.newPage());
}

/** Another tab of the same device. */
export async function tab(page) {
  return watched(await page.context().newPage());
}

const opened = new Set();

/** Every page that is open, oldest first. */
export function pages() {
  return [...opened].filter((page) => !page.isClosed());
}

function watched(page) {
  opened.add(page);
  page.faults = [];
  page.on("pageerror", (error) => page.faults.push(String(error)));
  page.on("console", (message) => {
    // The network is cut on purpose; anything else that the console calls an error is one.
    const cut = /Failed to load resource|WebSocket connection|net::ERR_/.test(message.text());
    if (message.type() === "error" && !cut) page.faults.push(message.text());
  });
  return page;
}

/** The fresh install: the printed link, three fields, and in. */
export async function setUp(page, server, name = "owner") {
  await page.goto(server.setupLink);
  await page.getByRole("textbox", { name: "Your name" }).fill(name);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("textbox", { name: "Workspace" }).fill("Test");
  await page.getByRole("button", { name: "Start" }).click();
  await inRoom(page, "lobby");
}

/** Somebody who comes in by an invite that the owner makes. */
export async function join(browser, server, role, name, options = {}) {
  const page = await device(browser, options);
  const owner = await server.signIn("owner", PASSWORD);
  const rooms = await server.api(owner, "GET", "/rooms");
  const lobby = rooms.find((room) => room.name === "lobby");
  const invite = await server.api(owner, "POST", "/invites", { role, rooms: [lobby.id] });
  await page.goto(`${server.url}/invite/${invite.token}`);
  await page.getByRole("textbox", { name: "Your name" }).fill(name);
  await page.getByLabel("Choose a password", { exact: false }).first().fill(PASSWORD);
  await page.getByRole("button", { name: "Join" }).click();
  await inRoom(page, "lobby");
  return page;
}

/** Waits until a room is on the screen, with its messages. */
export async function inRoom(page, room) {
  await page.getByRole("heading", { level: 1, name: room }).waitFor();
  await messages(page).waitFor();
}

/** The field in which a message is written. */
export function composer(page) {
  return page.getByRole("textbox", { name: /^Message to/ });
}

/** The list of messages of the room on the screen. */
export function messages(page) {
  return page.getByRole("log", { name: /^Messages in/ });
}

/** One message, by its text. */
export function message(page, text) {
  return messages(page).getByRole("article").filter({ hasText: text });
}

/** Writes and sends, as a person does. */
export async function say(page, text) {
  await composer(page).fill(text);
  await composer(page).press("Enter");
}

/** Waits until what this page has said has its place in the room, as far as this page knows. */
export async function sent(page, text) {
  await message(page, text).and(page.locator("[data-seq]")).last().waitFor();
}

/** The connection bar. While it says nothing it has no place, so that it is no part of the page's roles. */
export function bar(page) {
  return page.locator('[role="status"][aria-label="Connection"]');
}

/** Does something with a message by its toolbar. */
export async function tool(page, text, name) {
  const line = message(page, text).last();
  await line.hover();
  await line.getByRole("button", { name, exact: true }).click();
}

/** The texts of the room's messages that match, in the order of the screen. */
export async function textsOf(page, pattern) {
  const all = await messages(page).getByRole("article").allTextContents();
  return all.flatMap((text) => text.match(pattern)?.[0] ?? []);
}

/** Waits until `probe` resolves to something that `good` accepts, then returns it. */
export async function eventually(probe, good, what) {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const found = await probe();
    if (good(found)) return found;
    if (Date.now() > deadline) assert.fail(`${what}: ${JSON.stringify(found)}`);
    await new Promise((next) => setTimeout(next, 50));
  }
}
