/**
 * The operator's console: it tells a storm as it goes, obeys whoever has the secret and nobody else, says
 * when its stream is cut, and axe finds nothing serious on it.
 */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join as path } from "node:path";
import { after, before } from "node:test";
import { journey } from "./journey.mjs";
import { device, eventually, launch, PASSWORD, setUp } from "./people.mjs";
import { Server } from "./server.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const CLIENTS = 300;
const SIZES = [
  { width: 1280, height: 800 },
  { width: 390, height: 844 },
];

let browser;
let server;
before(async () => {
  [browser, server] = await Promise.all([
    launch(),
    Server.start(["--allow-drills", "--set", "allow_load=true"]),
  ]);
  await setUp(await device(browser), server);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

const secret = () => JSON.parse(readFileSync(path(server.dataDir, "operator.json"), "utf8")).secret;

/** The console, read-only unless the secret comes with the link. */
async function open(options = {}, link = "") {
  const page = await device(browser, options);
  await page.goto(`${server.operatorUrl}/${link}`);
  await page.getByText(/^live · \d\d:\d\d:\d\d$/).waitFor();
  return page;
}

const sentence = (page) => page.getByRole("heading", { level: 1 });
const journal = (page) => page.getByRole("list", { name: "Journal, latest first" });

/** The faults that matter, and what does not fit the page. */
async function clean(page, screen) {
  const session = await page.context().newCDPSession(page);
  await session.send("Runtime.evaluate", { expression: AXE });
  const { result } = await session.send("Runtime.evaluate", {
    expression: "axe.run(document, { resultTypes: ['violations'] }).then(JSON.stringify)",
    awaitPromise: true,
    returnByValue: true,
  });
  await session.detach();
  const faults = JSON.parse(result.value)
    .violations.filter((v) => v.impact === "serious" || v.impact === "critical")
    .map((v) => `${v.id}: ${v.nodes.map((n) => `${n.target} ${n.failureSummary}`).join(", ")}`);
  assert.deepEqual(faults, [], screen);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert(wide <= 0, `${screen} is ${wide} px too wide`);
}

/** Runs a drill against the server until it ends; what it said. */
async function storm() {
  const token = path(server.dir, "token");
  writeFileSync(token, await server.signIn("owner", PASSWORD));
  const named = ["--token-file", token, "--data-dir", server.dataDir];
  const drill = ["drill", "storm", "--clients", `${CLIENTS}`, "--against", server.url, "--force"];
  const child = server.spawn(drill.concat(named));
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (text) => {
      said += text;
    });
  }
  const code = await new Promise((resolve) => child.once("exit", resolve));
  assert.notEqual(code, 2, `the drill was held: ${said}`);
}

journey(
  "a storm is told from its beginning to its end, on the wall and in the pocket",
  async () => {
    const pages = [];
    for (const viewport of SIZES) {
      for (const colorScheme of ["light", "dark"])
        pages.push(await open({ viewport, colorScheme }));
    }
    for (const page of pages) {
      await sentence(page).getByText("Calm.").waitFor();
      await clean(page, `calm, ${page.viewportSize().width}`);
    }
    const [wall] = pages;
    // Slow enough to be seen by everybody who looks.
    await server.order({ command: "rate", per_s: 60 });
    const drill = storm();
    await sentence(wall)
      .getByText(/^Storm, \d\d:\d\d\.$/)
      .waitFor();
    for (const page of pages) await clean(page, `storm, ${page.viewportSize().width}`);
    await journal(wall)
      .getByText(/Storm began: \d+ of \d+ connections lost within \d s\./)
      .first()
      .waitFor();
    await sentence(wall)
      .getByText(/^[\d,]+ of [\d,]+ back/)
      .waitFor();
    await server.order({ command: "rate", per_s: null });
    await drill;
    await journal(wall)
      .getByText(/Storm over after \d\d:\d\d: .* back; nothing lost\.$/)
      .first()
      .waitFor();
    // The crosshair reads the past by the keyboard alone.
    const axis = wall.getByRole("slider", { name: /^Moment in the plots/ });
    await axis.focus();
    await wall.keyboard.press("Home");
    await wall.getByText(/^at \d\d:\d\d:\d\d$/).waitFor();
    assert.match(
      await axis.getAttribute("aria-valuetext"),
      /^\d\d:\d\d:\d\d: live [\d,]+, resuming/,
    );
    await wall.keyboard.press("Escape");
    for (const page of pages) assert.deepEqual(page.faults, []);
  },
);

journey("without the secret the page shows and does nothing", async () => {
  const page = await open();
  for (const name of ["Pause…", "Maintenance…", "Drain…"]) {
    assert(await page.getByRole("button", { name, exact: true }).isDisabled(), name);
  }
  await page.getByRole("button", { name: /enter the secret/ }).click();
  await page.getByRole("textbox", { name: "Secret" }).fill("a wrong one");
  await page.getByRole("button", { name: "Use it" }).click();
  await page.getByRole("button", { name: "Pause…" }).click();
  await page.getByRole("button", { name: "Close the gate" }).click();
  await page.getByText("The secret is not this server's.").waitFor();
  assert.deepEqual(page.faults, []);
});

journey("maintenance closes the gate with words, and the pause button opens it", async () => {
  const page = await open({}, `#secret=${secret()}`);
  assert(!page.url().includes("secret"), "the secret is out of the address bar");
  await page.getByRole("button", { name: "Maintenance…" }).click();
  await page.getByLabel("What they are told").fill("Back at noon.");
  await clean(page, "the dialog");
  await page.getByRole("button", { name: "Close the gate" }).click();
  await sentence(page)
    .getByText(/^Gate closed, \d\d:\d\d\.$/)
    .waitFor();
  await journal(page)
    .getByText("The gate was closed by the operator and says “Back at noon.”")
    .waitFor();
  await page.getByRole("button", { name: "Open the gate…" }).click();
  await page.getByRole("button", { name: "Open the gate", exact: true }).click();
  await journal(page).getByText("The gate was opened by the operator.").waitFor();
  await page.getByRole("button", { name: "Pause…" }).waitFor();
  await page.getByRole("button", { name: "Gate of guest: open" }).click();
  await page.getByLabel("The gate is").selectOption("paced");
  await page.getByRole("button", { name: "Set the gate" }).click();
  await page.getByRole("button", { name: "Gate of guest: paced, 50/s" }).waitFor();
  await page.reload();
  await page.getByText(/^live · /).waitFor();
  assert(!(await page.getByRole("button", { name: "Pause…" }).isDisabled()), "the tab keeps it");
  await server.order({ command: "gate", gate: { state: "open" } });
  assert.deepEqual(page.faults, []);
});

journey("a stream that is cut is said to be, with the time of what is shown", async () => {
  const page = await open({}, `#secret=${secret()}`);
  await server.kill();
  await page
    .getByRole("banner")
    .getByText(/^as of \d\d:\d\d:\d\d · the stream is cut, asking again…$/)
    .waitFor();
  assert(
    await page.getByRole("button", { name: "Pause…" }).isDisabled(),
    "nothing is ordered blindly",
  );
  await server.run();
  await page.getByText(/^live · \d\d:\d\d:\d\d$/).waitFor();
  await eventually(
    () => journal(page).getByRole("listitem").allTextContents(),
    (entries) => entries.filter((entry) => entry.includes("The node has started.")).length === 1,
    "the journal of the server that answers",
  );
});
