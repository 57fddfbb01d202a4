/** What two people do with messages: threads, edits, reactions, files, search, deletion. */
import assert from "node:assert/strict";
import { after, before } from "node:test";
import { journey } from "./journey.mjs";
import { device, join, launch, message, say, sent, setUp, tool } from "./people.mjs";
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

journey("a thread opens beside the room and its replies are counted", async () => {
  await say(owner, "what shall we eat");
  await message(member, "what shall we eat").waitFor();
  await tool(member, "what shall we eat", "Reply in a thread");
  const panel = member.getByRole("complementary", { name: "Thread" });
  const reply = panel.getByRole("textbox", { name: "Reply in the thread" });
  await reply.fill("soup");
  await reply.press("Enter");
  await panel.getByRole("article").filter({ hasText: "soup" }).waitFor();
  const chip = message(owner, "what shall we eat").getByRole("button", { name: /1 reply/ });
  await chip.click();
  const theirs = owner.getByRole("complementary", { name: "Thread" });
  await theirs.getByRole("article").filter({ hasText: "soup" }).waitFor();
  assert.equal(await message(owner, "soup").count(), 0, "a reply is not in the room itself");
  await theirs.getByRole("button", { name: "Close the panel" }).click();
  await panel.getByRole("button", { name: "Close the panel" }).click();
});

journey("an edit is seen at once, and what it was before can be looked up", async () => {
  await say(owner, "we meet at nien");
  await message(member, "we meet at nien").waitFor();
  await tool(owner, "we meet at nien", "Edit");
  const box = owner.getByRole("textbox", { name: "Editing your message" });
  await box.fill("we meet at nine");
  await box.press("Enter");
  const edited = message(member, "we meet at nine");
  await edited.waitFor();
  await edited.getByRole("button", { name: "edited" }).click();
  const history = member.getByRole("complementary", { name: "Earlier versions" });
  await history.getByText("we meet at nien").waitFor();
  await history.getByRole("button", { name: "Close the panel" }).click();
});

journey("the last message is edited with the arrow key", async () => {
  await say(owner, "a tyop");
  await message(member, "a tyop").waitFor();
  await sent(owner, "a tyop");
  await owner.getByRole("textbox", { name: /^Message to/ }).press("ArrowUp");
  const box = owner.getByRole("textbox", { name: "Editing your message" });
  await box.fill("a typo");
  await box.press("Enter");
  await message(member, "a typo").waitFor();
});

journey("a reaction shows who gave it, and goes when it is taken off", async () => {
  await say(owner, "it works");
  await message(member, "it works").waitFor();
  await tool(member, "it works", "React");
  const picker = member.getByRole("dialog", { name: "Choose an emoji" });
  await picker.getByRole("searchbox", { name: "Find an emoji" }).fill("tada");
  await picker.getByRole("button", { name: "tada" }).first().click();
  const chip = message(owner, "it works").getByRole("button", { name: /🎉: member/ });
  await chip.waitFor();
  await chip.click();
  const both = message(member, "it works").getByRole("button", { name: /🎉: .*and/ });
  await both.waitFor();
  await both.click();
  await message(owner, "it works")
    .getByRole("button", { name: /🎉: you$/ })
    .waitFor();
});

journey("a file is attached, shown to the other, and downloads as it was", async () => {
  const bytes = Buffer.from("some notes, in full\n");
  await owner
    .getByRole("main")
    .locator('input[type="file"]')
    .first()
    .setInputFiles({ name: "notes.txt", mimeType: "text/plain", buffer: bytes });
  await owner.getByText("notes.txt").first().waitFor();
  await say(owner, "the notes");
  const line = message(member, "the notes");
  await line.getByText("notes.txt").waitFor();
  const download = member.waitForEvent("download");
  await line.getByRole("link", { name: /Download notes.txt/ }).click();
  const stream = await (await download).createReadStream();
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  assert.deepEqual(Buffer.concat(chunks), bytes);
});

journey("an image is shown as a picture", async () => {
  const png = Buffer.from(
    "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAEklEQVR4nGP4z8CAFWEXHbQSACj/P8Fu7N9hAAAAAElFTkSuQmCC",
    "base64",
  );
  await owner
    .getByRole("main")
    .locator('input[type="file"]')
    .first()
    .setInputFiles({ name: "square.png", mimeType: "image/png", buffer: png });
  await owner.getByText("square.png").first().waitFor();
  await say(owner, "a picture");
  const picture = message(member, "a picture").getByRole("img", { name: /square.png/ });
  await picture.waitFor();
  await member.waitForFunction(
    (img) => img.complete && img.naturalWidth > 0,
    await picture.elementHandle(),
  );
});

journey("a PDF is read where it was posted", async () => {
  const pdf = Buffer.from(
    "%PDF-1.1\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj " +
      "3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 100]>>endobj\ntrailer<</Root 1 0 R>>\n",
  );
  await owner
    .getByRole("main")
    .locator('input[type="file"]')
    .first()
    .setInputFiles({ name: "plan.pdf", mimeType: "application/pdf", buffer: pdf });
  await owner.getByText("plan.pdf").first().waitFor();
  await say(owner, "the plan");
  const line = message(member, "the plan");
  // A browser without a reader of its own is given the address, and the rest is its own affair.
  if (await member.evaluate(() => navigator.pdfViewerEnabled)) {
    await line.getByRole("button", { name: "Preview" }).click();
    await line.locator('iframe[title="plan.pdf"]').waitFor();
    await line.getByRole("button", { name: "Hide the preview" }).click();
    await line.locator("iframe").waitFor({ state: "detached" });
  } else {
    await line.getByRole("link", { name: "Preview" }).waitFor();
  }
  assert.deepEqual(member.faults, []);
});

journey("search finds a message by its words and goes to it", async () => {
  await say(owner, "the heron stands in the reeds");
  await message(member, "heron").waitFor();
  await member.getByRole("button", { name: "Search in this room" }).click();
  const panel = member.getByRole("complementary", { name: "Search" });
  const field = panel.getByRole("searchbox", { name: "Search messages" });
  const hit = panel.getByRole("button", { name: /heron/ });
  await field.fill("heron reeds from:owner");
  await field.press("Enter");
  await hit.first().waitFor();
  await hit.first().click();
  await message(member, "heron").and(member.locator(":focus")).waitFor();
});

journey("a deleted message is gone for everybody, and a line says so", async () => {
  await say(owner, "better not said");
  await message(member, "better not said").waitFor();
  const line = message(owner, "better not said");
  await line.hover();
  await line.getByRole("button", { name: "More" }).click();
  await owner.getByRole("menuitem", { name: /Delete/ }).click();
  await owner.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await message(member, "This message was deleted").last().waitFor();
  assert.equal(await message(member, "better not said").count(), 0);
});

journey("markup in a message is text and nothing else", async () => {
  const evil =
    '<img src=x onerror="window.evil=1"> <script>window.evil=1</script> [x](javascript:evil)';
  await say(owner, evil);
  await message(member, "onerror").waitFor();
  assert.equal(await member.evaluate(() => window.evil), undefined);
  assert.equal(
    await message(member, "onerror").locator("script, img[src=x], a[href^=javascript]").count(),
    0,
  );
});

journey("nothing of this made a page complain", () => {
  assert.deepEqual(owner.faults, []);
  assert.deepEqual(member.faults, []);
});
