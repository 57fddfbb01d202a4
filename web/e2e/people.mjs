/**
 * People in a browser: contexts of one Chromium, each a device of somebody, spoken to by role and label
 * as assistive technology would.
 */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { chromium } from "playwright-core";

const CHROMIUM = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
/** How long anything may take; generous, because it is waited for and not slept through. */
const PATIENCE_MS = 15_000;

export const PASSWORD = "a password of many words";

/** The one browser of a test file. */
export async function launch() {
  const executablePath = CHROMIUM.find((p) => existsSync(p));
  assert(executablePath, "there is no chromium: apt-get install chromium");
  return chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
}

/** A device: its own cookies and storage, and one page. */
export async function device(browser, options = {}) {
  const context = await browser.newContext({ locale: "en-GB", ...options });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  page.faults = [];
  page.on("pageerror", (error) => page.faults.push(String(error)));
  page.on("console", (message) => {
    // The network is cut on purpose; anything else that the console calls an error is one.
    if (message.type() === "error" && !/Failed to load resource|WebSocket|ERR_/.test(message.text())) {
      page.faults.push(message.text());
    }
  });
  return page;
}

/** The fresh install: the printed link, three fields, and in. */
export async function setUp(page, server, name = "owner") {
  await page.goto(server.setupLink);
  await page.getByLabel("Your name").fill(name);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByLabel("Workspace").fill("Test");
  await page.getByRole("button", { name: "Start" }).click();
  await inRoom(page, "lobby");
}

/** Waits until a room is on the screen and in sync. */
export async function inRoom(page, room) {
  await composer(page).waitFor();
  await page.getByRole("heading", { name: room }).first().waitFor();
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

/** An invite made by HTTP, as the owner. */
export async function invite(page, server, role, rooms) {
  const token = await tokenOf(page, server);
  const ids = [];
  for (const name of rooms) {
    const list = await server.api(token, "GET", "/rooms");
    ids.push(list.rooms ? list.rooms.find((r) => r.name === name).id : list.find((r) => r.name === name).id);
  }
  return server.api(token, "POST", "/invites", { role, rooms: ids });
}

/** A token for the account of a page, by signing in once more. */
async function tokenOf(page, server) {
  page.token ??= (
    await server.signIn(page.account ?? "owner", PASSWORD)
  );
  return page.token;
}
