/** A test that, when it fails, shows what every page showed at that moment. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { pages } from "./people.mjs";

const SHOTS = fileURLToPath(new URL("../../target/journeys", import.meta.url));
/** Most characters shown of one page, from its end: that is where a room is newest. */
const TEXT_MAX = 500;

/** Like `test`; a failure is told with the address, the faults and the text of each page still open. */
export function journey(name, walk) {
  test(name, async () => {
    try {
      await walk();
    } catch (error) {
      const shown = await Promise.all(pages().map((page, i) => witness(name, page, i)));
      error.message += `\n\nWhat the pages showed:\n${shown.join("\n")}`;
      throw error;
    }
  });
}

async function witness(name, page, i) {
  mkdirSync(SHOTS, { recursive: true });
  const path = join(SHOTS, `${name.replace(/\W+/g, "-").slice(0, 60)}-${i}.png`);
  await page.screenshot({ path, timeout: 3_000 }).catch(() => {});
  // biome-ignore lint/performance/useDomNodeTextContent: what is seen, with its line breaks, is wanted
  const text = await page.evaluate(() => document.body.innerText).catch((e) => String(e));
  const faults = page.faults.length > 0 ? `\n  faults: ${page.faults.join("\n  ")}` : "";
  return `- ${page.url()} (${path})${faults}\n${text.slice(-TEXT_MAX).replace(/\n+/g, "\n  ")}`;
}
