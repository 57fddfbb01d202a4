/**
 * Weighs the first load of the chat as it is sent (brotli) and fails above the budget: the page's own
 * scripts, and all that those import without being asked. Run it after a build.
 */
import { existsSync, readFileSync } from "node:fs";
import { brotliCompressSync } from "node:zlib";

const DIST = new URL("../dist/", import.meta.url);
const BUDGET = { script: 180_000, style: 20_000 };

const page = readFileSync(new URL("index.html", DIST), "utf8");
const first = [...page.matchAll(/(?:src|href)="(\/assets\/[^"]+\.(?:js|css))"/g)].map((m) => m[1]);
const seen = new Set();
const queue = [...first];
while (queue.length > 0) {
  const path = queue.pop();
  if (seen.has(path)) continue;
  seen.add(path);
  if (!path.endsWith(".js")) continue;
  const source = read(path);
  const statics = source.matchAll(/(?:\bfrom|\bimport)\s*"\.\/([^"]+\.js)"/g);
  for (const [, name] of statics) queue.push(`/assets/${name}`);
}

const sum = { script: 0, style: 0 };
for (const path of [...seen].sort()) {
  const bytes = sent(path);
  sum[path.endsWith(".js") ? "script" : "style"] += bytes;
  say(`${String(bytes).padStart(8)}  ${path}`);
}
let over = false;
for (const [kind, bytes] of Object.entries(sum)) {
  const fits = bytes <= BUDGET[kind];
  over ||= !fits;
  say(`${kind}: ${bytes} bytes as sent, budget ${BUDGET[kind]}: ${fits ? "fits" : "TOO BIG"}`);
}
process.exitCode = over ? 1 : 0;

function say(line) {
  process.stdout.write(`${line}\n`);
}

function read(path) {
  return readFileSync(new URL(path.slice(1), DIST), "utf8");
}

function sent(path) {
  const packed = new URL(`${path.slice(1)}.br`, DIST);
  return existsSync(packed) ? readFileSync(packed).length : brotliCompressSync(read(path)).length;
}
