/** Draws the PNG icons of `public/` from `icon.svg`, for systems that take no SVG. Needs chromium. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const PUBLIC = new URL("../public/", import.meta.url);
const svg = readFileSync(new URL("icon.svg", PUBLIC), "utf8");
const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu"],
});
for (const size of [180, 192, 512]) {
  const page = await browser.newPage({ viewport: { width: size, height: size } });
  await page.setContent(
    `<style>body{margin:0;background:transparent}svg{display:block;width:100vw;height:100vh}</style>${svg}`,
  );
  const path = fileURLToPath(new URL(`icon-${size}.png`, PUBLIC));
  await page.screenshot({ path, omitBackground: true });
  await page.close();
}
await browser.close();
