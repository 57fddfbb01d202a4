/**
 * Pictures of every state of the connection bar, wide and narrow, light and dark, four sheets in
 * `target/bars`: `node dev/bars.mjs [directory]`. For eyes, not for tests.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createServer } from "vite";
import { launch } from "../e2e/people.mjs";

const OUT = process.argv[2] ?? fileURLToPath(new URL("../../target/bars", import.meta.url));
const WIDTHS = [1280, 390];
const THEMES = ["light", "dark"];
/** What is shown of a page: the bar, and a little above and below. */
const ABOVE = 70;

mkdirSync(OUT, { recursive: true });
const vite = await createServer({ server: { port: 0, proxy: {} }, logLevel: "error" });
await vite.listen();
const { port } = vite.httpServer.address();
const gallery = `http://localhost:${port}/dev/gallery.html`;
const browser = await launch();
for (const width of WIDTHS) for (const theme of THEMES) await sheet(width, theme);
await browser.close();
await vite.close();

async function sheet(width, theme) {
  const context = await browser.newContext({
    viewport: { width, height: 720 },
    colorScheme: theme,
  });
  const page = await context.newPage();
  await page.goto(`${gallery}?bar=names`);
  const names = await page.evaluate(() => window.bars);
  const pictures = [];
  for (const name of names) {
    await page.goto(`${gallery}?place=/r/1&bar=${name}&theme=${theme}`);
    await page.locator(".bar").waitFor();
    await page.evaluate(() => document.fonts.ready);
    await page.waitForTimeout(250);
    const box = await page.locator(".bar").boundingBox();
    const top = Math.max(0, box.y - ABOVE);
    const clip = { x: box.x, y: top, width: box.width, height: 720 - top };
    pictures.push([name, (await page.screenshot({ clip })).toString("base64")]);
  }
  const cells = pictures.map(
    ([name, data]) => `<figure>${name}<br><img src="data:image/png;base64,${data}"></figure>`,
  );
  const columns = width < 600 ? 5 : 2;
  const style = `display: grid; grid-template-columns: repeat(${columns}, auto); background: gray`;
  await page.setContent(`<body style="${style}">${cells.join("")}</body>`);
  await page.setViewportSize({ width: width < 600 ? 2300 : 2200, height: 700 });
  const sheetPath = join(OUT, `bars-${width}-${theme}.png`);
  writeFileSync(sheetPath, await page.screenshot({ fullPage: true }));
  await context.close();
}
