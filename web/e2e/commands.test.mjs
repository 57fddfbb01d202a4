/** A slash command of the workspace's own: registered by the owner, answered by another server. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before } from "node:test";
import { journey } from "./journey.mjs";
import { composer, device, inRoom, join, launch, message, say, setUp } from "./people.mjs";
import { Server } from "./server.mjs";

// The other server is on this machine, which the operator has to allow.
process.env.LEEWARD_COMMANDS_PRIVATE_TARGETS = "127.0.0.1";

let browser;
let server;
let elsewhere;
before(async () => {
  elsewhere = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    const text = new URLSearchParams(body).get("text");
    const response_type = text.startsWith("all") ? "in_channel" : "ephemeral";
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ response_type, text: `*Rain* over ${text}` }));
  });
  await new Promise((listening) => elsewhere.listen(0, "127.0.0.1", listening));
  [browser, server] = await Promise.all([launch(), Server.start()]);
});
after(async () => {
  await browser?.close();
  await server?.stop();
  elsewhere?.close();
});

journey("a command is registered, completed, answered to one and said to all", async () => {
  const owner = await device(browser);
  await setUp(owner, server);
  const member = await join(browser, server, "member", "member");
  await owner.goto(`${server.url}/settings/admin-commands`);
  await owner.getByRole("textbox", { name: "Name, without the slash" }).fill("weather");
  const url = `http://127.0.0.1:${elsewhere.address().port}/weather`;
  await owner.getByRole("textbox", { name: "Address that answers" }).fill(url);
  await owner.getByRole("textbox", { name: "What it does" }).fill("Say what it is like outside");
  await owner.getByRole("button", { name: "Make the command" }).click();
  await owner.getByText("Copy the secret").waitFor();
  await owner.getByText("/weather", { exact: true }).waitFor();

  await composer(member).fill("/wea");
  await member.getByRole("option", { name: /weather/ }).waitFor();
  await say(member, "/weather harbour");
  const answer = member.getByRole("status").filter({ hasText: "Rain over harbour" });
  await answer.waitFor();
  assert.equal(await answer.locator("strong").textContent(), "Rain");
  await answer.getByRole("button", { name: "Close" }).click();
  await answer.waitFor({ state: "detached" });

  await say(member, "/weather all of it");
  await message(member, "Rain over all of it").waitFor();
  await owner.getByRole("link", { name: /lobby/ }).first().click();
  await inRoom(owner, "lobby");
  await message(owner, "Rain over all of it").waitFor();
  await message(owner, "/weather · member").waitFor();
  assert.equal(await message(owner, "Rain over harbour").count(), 0);
  for (const page of [owner, member]) assert.deepEqual(page.faults, []);
});
