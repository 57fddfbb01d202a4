/**
 * A Vite plugin that writes `sw.js`: the service worker with the name of the build and the list of
 * files that make the app's shell.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "vite";

/** Files of `public/` that belong to the shell. */
const PUBLIC = ["/manifest.webmanifest", "/icon.svg"];

export function worker(root: string, build: string): Plugin {
  return {
    name: "leeward-worker",
    apply: "build",
    generateBundle: {
      order: "post",
      handler(_, bundle) {
        const assets = Object.keys(bundle).filter((name) => name.startsWith("assets/"));
        const shell = ["/", ...PUBLIC, ...assets.sort().map((name) => `/${name}`)];
        const source = readFileSync(join(root, "src/worker/sw.js"), "utf8")
          .replace('"__BUILD__"', JSON.stringify(build))
          .replace('["__SHELL__"]', JSON.stringify(shell));
        this.emitFile({ type: "asset", fileName: "sw.js", source });
      },
    },
  };
}
