/**
 * Names a build after its sources: the package's version and a hash of everything that goes in, so
 * that the same sources always give the same name and the page can tell that a server serves another.
 */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "vite";

const SOURCES = ["index.html", "package-lock.json", "public", "src"];

export function buildId(root: string): string {
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    version: string;
  };
  const hash = createHash("sha256");
  for (const name of SOURCES) add(hash, root, name);
  return `${version}+${hash.digest("hex").slice(0, 8)}`;
}

/** Writes the name to `build.txt` in the build, where the server finds what it serves. */
export function buildFile(id: string): Plugin {
  return {
    name: "leeward-build-file",
    apply: "build",
    generateBundle() {
      this.emitFile({ type: "asset", fileName: "build.txt", source: `${id}\n` });
    },
  };
}

function add(hash: ReturnType<typeof createHash>, root: string, name: string): void {
  const path = join(root, name);
  if (!existsSync(path)) return;
  if (statSync(path).isDirectory()) {
    for (const child of readdirSync(path).sort()) add(hash, root, `${name}/${child}`);
  } else {
    hash.update(name).update("\0").update(readFileSync(path)).update("\0");
  }
}
