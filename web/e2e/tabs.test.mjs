/** A tab that sleeps, and two tabs of one account. */
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
  say,
  setUp,
  tab,
} from "./people.mjs";
import { Server } from "./server.mjs";

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

journey(
  "a tab that was frozen catches up when it wakes, without a hole and without a double",
  async () => {
    const sleeper = await member.context().newCDPSession(member);
    await sleeper.send("Page.setWebLifecycleState", { state: "frozen" });
    for (let n = 1; n <= 5; n += 1) await say(owner, `while you slept ${n}.`);
    await message(owner, "while you slept 5.").waitFor();
    await sleeper.send("Page.setWebLifecycleState", { state: "active" });
    await message(member, "while you slept 5.").waitFor();
    for (let n = 1; n <= 5; n += 1) {
      assert.equal(await message(member, `while you slept ${n}.`).count(), 1);
    }
    await eventually(
      () => bar(member).textContent(),
      (said) => said.trim() === "",
      "the bar is silent",
    );
  },
);

journey("a device without a network says so, keeps what is written and sends it once", async () => {
  await member.context().setOffline(true);
  await bar(member)
    .getByText(/offline|Reconnecting/)
    .waitFor();
  await say(member, "from the tunnel");
  await message(member, "from the tunnel").getByText("Waiting to be sent").waitFor();
  await say(owner, "are you there?");
  await message(owner, "are you there?").waitFor();
  await member.context().setOffline(false);
  await message(member, "are you there?").waitFor();
  await message(owner, "from the tunnel").waitFor();
  assert.equal(await message(owner, "from the tunnel").count(), 1);
  assert.equal(await message(member, "from the tunnel").count(), 1);
});

journey("two tabs of one account show the same, sent from either", async () => {
  const second = await tab(member);
  await second.goto(member.url());
  await inRoom(second, "lobby");
  await say(second, "from the second tab");
  await message(member, "from the second tab").waitFor();
  await say(member, "from the first tab");
  await message(second, "from the first tab").waitFor();
  for (const page of [member, second, owner]) {
    await message(page, "from the first tab").waitFor();
    assert.equal(await message(page, "from the second tab").count(), 1);
    assert.equal(await message(page, "from the first tab").count(), 1);
  }
  await second.close();
});

journey("what is read on one device is read on the other", async () => {
  const phone = await device(browser);
  await phone.goto(server.url);
  await phone.getByRole("textbox", { name: "Name" }).fill("member");
  await phone.getByLabel("Password", { exact: true }).fill("a password of many words");
  await phone.getByRole("button", { name: "Sign in" }).click();
  await phone.getByRole("link", { name: "People" }).click();
  await member.getByRole("link", { name: "People" }).click();
  const lobby = (page) =>
    page.getByRole("navigation", { name: "Rooms and people" }).getByRole("link", { name: /lobby/ });
  await say(owner, "@member please read");
  for (const page of [phone, member])
    await lobby(page).getByText("unread").waitFor({ state: "attached" });
  await lobby(member).click();
  await message(member, "please read").waitFor();
  await composer(member).focus();
  await lobby(phone).getByText("unread").waitFor({ state: "detached" });
  assert.deepEqual(member.faults, []);
  assert.deepEqual(phone.faults, []);
});
