/** A fresh install, from the printed link to a conversation of two people and a guest. */
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
  setUp,
} from "./people.mjs";
import { Server } from "./server.mjs";

let browser;
let server;
before(async () => {
  [browser, server] = await Promise.all([launch(), Server.start()]);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

journey(
  "three fields lead from the printed link into the lobby with its pinned welcome",
  async () => {
    const owner = await device(browser);
    await setUp(owner, server);
    await message(owner, "Welcome to Test").waitFor();
    await message(owner, "Pinned").waitFor();
    await eventually(
      () => bar(owner).textContent(),
      (said) => said.trim() === "",
      "a live bar says nothing",
    );
    await say(owner, "first words");
    await message(owner, "first words").waitFor();
    assert.deepEqual(owner.faults, []);
  },
);

journey("the link is worth nothing once it has been used", async () => {
  const stranger = await device(browser);
  await stranger.goto(server.setupLink);
  await stranger.getByText("This workspace is set up already.").waitFor();
});

journey("two people and a guest see each other's words at once", async () => {
  const owner = await device(browser);
  await owner.goto(server.url);
  await owner.getByRole("textbox", { name: "Name" }).fill("owner");
  await owner.getByLabel("Password", { exact: true }).fill("a password of many words");
  await owner.getByRole("button", { name: "Sign in" }).click();
  await owner.getByRole("link", { name: /lobby/ }).first().click();
  await inRoom(owner, "lobby");
  const member = await join(browser, server, "member", "member");
  const guest = await join(browser, server, "guest", "guest");

  await say(owner, "hello from the owner");
  await message(member, "hello from the owner").waitFor();
  await message(guest, "hello from the owner").waitFor();
  await say(guest, "hello @owner from the guest");
  await message(owner, "from the guest").getByText("guest", { exact: true }).first().waitFor();
  await say(member, "hello from the member");
  for (const page of [owner, guest]) await message(page, "hello from the member").waitFor();

  for (const page of [owner, member, guest]) {
    await page.getByRole("button", { name: "3 members" }).waitFor();
  }

  // A guest finds no other room and cannot make one.
  await guest.getByRole("navigation", { name: "Rooms and people" }).waitFor();
  assert.equal(await guest.getByRole("link", { name: "Browse rooms" }).count(), 0);
  assert.equal(await guest.getByRole("button", { name: "New room" }).count(), 0);
  for (const page of [owner, member, guest]) assert.deepEqual(page.faults, []);
});

journey("what is half written survives a reload", async () => {
  const member = await device(browser);
  await member.goto(server.url);
  await member.getByRole("textbox", { name: "Name" }).fill("member");
  await member.getByLabel("Password", { exact: true }).fill("a password of many words");
  await member.getByRole("button", { name: "Sign in" }).click();
  await member.getByRole("link", { name: /lobby/ }).first().click();
  await inRoom(member, "lobby");
  const slow = await member.context().newCDPSession(member);
  await slow.send("Emulation.setCPUThrottlingRate", { rate: 10 });
  await composer(member).fill("half a thought");
  await member.getByRole("link", { name: "People" }).click();
  await member.goBack();
  await inRoom(member, "lobby");
  // As soon as there is a room, what was written in it is there: nobody types over it.
  await member.reload();
  await messages(member).waitFor();
  assert.equal(await composer(member).inputValue(), "half a thought");
  await composer(member).fill("half a thought, gone on with");
  await member.reload();
  await messages(member).waitFor();
  assert.equal(await composer(member).inputValue(), "half a thought, gone on with");
});

journey("who is named in another script comes in and signs in by that name", async () => {
  const owner = await server.signIn("owner", PASSWORD);
  const rooms = await server.api(owner, "GET", "/rooms");
  const invite = await server.api(owner, "POST", "/invites", {
    rooms: [rooms[0].id],
    uses_max: 2,
  });
  for (const [display, account] of [
    ["Ольга", /@olga\./],
    ["李雷", /@person-\d{6}\./],
  ]) {
    const first = await device(browser);
    await first.goto(`${server.url}/invite/${invite.token}`);
    await first.getByRole("textbox", { name: "Your name" }).fill(display);
    await first.getByText(account).waitFor();
    await first.getByLabel("Choose a password", { exact: false }).first().fill(PASSWORD);
    await first.getByRole("button", { name: "Join" }).click();
    await inRoom(first, "lobby");
    await say(first, `said by ${display}`);
    const second = await device(browser);
    await second.goto(server.url);
    await second.getByRole("textbox", { name: "Name" }).fill(display);
    await second.getByLabel("Password", { exact: true }).fill(PASSWORD);
    await second.getByRole("button", { name: "Sign in" }).click();
    await second.getByRole("link", { name: /lobby/ }).first().click();
    await message(second, `said by ${display}`).getByText(display, { exact: true }).waitFor();
  }
});
