/** Converse.js in a page of its own, used as a person uses it: by what is written on the screen. */
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";

const DIST = join(process.env.CONVERSE, "dist");
const TYPES = {
  ".js": "text/javascript",
  ".css": "text/css",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
};

/** The page, with the settings that its address carries. */
const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Converse</title>
<link rel="stylesheet" href="/dist/converse.min.css">
<body class="converse-fullscreen">
<script type="module">
import converse from "/dist/converse.min.js";
converse.initialize(JSON.parse(new URLSearchParams(location.search).get("settings")));
</script>
`;

/** Serves Converse's page from an origin that is not the server's, as somebody else's web site does. */
export async function site() {
  const server = createServer(async (request, response) => {
    const path = new URL(request.url, "http://127.0.0.1").pathname;
    if (path === "/") {
      return response.writeHead(200, { "content-type": "text/html" }).end(PAGE);
    }
    try {
      const body = await readFile(join(DIST, normalize(path).replace(/^\/dist/, "")));
      const type = TYPES[extname(path)] ?? "application/octet-stream";
      response.writeHead(200, { "content-type": type }).end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    end: () => server.close(),
  };
}

/** Keeps what goes over the wire, so that a test that fails can show it. */
function recorded(page) {
  const wire = [];
  const keep = (way) => (frame) => wire.push(`${way} ${frame}`);
  page.on("websocket", (socket) => {
    socket.on("framesent", ({ payload }) => keep(">")(payload));
    socket.on("framereceived", ({ payload }) => keep("<")(payload));
    socket.on("close", () => keep("-")("closed"));
  });
  page.on("requestfinished", async (request) => {
    if (!request.url().endsWith("/http-bind")) return;
    keep(">")(request.postData());
    const answer = await request.response();
    keep("<")(await answer?.text().catch(String));
  });
  return wire;
}

/** Somebody who is signed in to Converse and looks at the lobby. */
export class Converse {
  /** `how` names the service: `websocket_url` or `bosh_service_url`. */
  static async enter(page, site, at, name, how) {
    const converse = new Converse(page, name);
    const settings = {
      view_mode: "fullscreen",
      assets_path: "/dist/",
      discover_connection_methods: false,
      show_controlbox_by_default: true,
      allow_registration: false,
      // Its pings would hide a connection that is lost from one who waits for it.
      ping_interval: 0,
      ...how,
    };
    const query = new URLSearchParams({ settings: JSON.stringify(settings) });
    await page.goto(`${site.url}?${query}`);
    await page.getByLabel("XMPP Address").fill(`${name}@${at.domain}`);
    await page.getByLabel("Password").fill(at.password);
    await page.getByRole("button", { name: "Log in" }).click();
    // It is in the list because the account is in it, and nobody has typed its name.
    await page.locator(`a.open-room[data-room-jid="${at.room}"]`).click();
    await converse.field.waitFor();
    return converse;
  }

  constructor(page, name) {
    this.page = page;
    this.name = name;
    this.wire = recorded(page);
  }

  get field() {
    return this.page.locator("converse-muc .chat-textarea");
  }

  /** One message, by its text. */
  message(text) {
    return this.page.locator("converse-muc .chat-msg").filter({ hasText: text });
  }

  /** What it says about others: who types, who came, who went. */
  get notices() {
    return this.page.locator("converse-muc .chat-content__notifications");
  }

  async say(text) {
    await this.field.fill(text);
    await this.field.press("Enter");
  }

  /** Waits until the room has told it that its message is there. */
  async said(text) {
    await this.message(text).locator(".chat-msg__body--received").waitFor();
  }

  async #act(text, action) {
    const line = this.message(text).last();
    await line.hover();
    await line.locator("converse-dropdown.chat-msg__actions > button").click();
    await line.locator(`.chat-msg__action-${action}`).click();
  }

  async edit(text, next) {
    await this.#act(text, "edit");
    await this.page.waitForFunction(
      (was) => document.querySelector("converse-muc .chat-textarea")?.value === was,
      text,
    );
    await this.say(next);
  }

  /** Reacts with the first of those emoji that it offers; resolves to which. */
  async react(text) {
    await this.#act(text, "reaction");
    const first = this.message(text).last().locator(".reaction-item").first();
    const emoji = (await first.textContent()).trim();
    await first.click();
    return emoji;
  }

  reaction(text, emoji) {
    return this.message(text).locator(".chat-msg__reaction").filter({ hasText: emoji });
  }

  /** The texts of the room's messages that match, in the order of the screen. */
  async texts(pattern) {
    const all = await this.page.locator("converse-muc .chat-msg__text").allTextContents();
    return all.flatMap((text) => text.match(pattern)?.[0] ?? []);
  }

  /** The last of what went over the wire, for a test that fails. */
  tail(count = 40) {
    return this.wire.slice(-count).join("\n");
  }
}
