/**
 * A Vite plugin that lays a brotli copy beside every compressible file of the build, so that the
 * server sends bytes it never has to compress. It never touches the originals.
 */
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";
import type { Plugin } from "vite";

/** Below this many bytes the headers cost more than compression saves. */
const BYTES_MIN = 512;
const COMPRESSIBLE = /\.(?:js|css|html|svg|json|webmanifest|txt|map|wasm)$/;

export function brotli(): Plugin {
  let dist = "dist";
  return {
    name: "leeward-brotli",
    apply: "build",
    configResolved(config) {
      dist = join(config.root, config.build.outDir);
    },
    closeBundle() {
      for (const file of filesBelow(dist)) {
        if (!COMPRESSIBLE.test(file)) continue;
        const bytes = readFileSync(file);
        if (bytes.length < BYTES_MIN) continue;
        const packed = brotliCompressSync(bytes, {
          params: {
            [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
            [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
          },
        });
        if (packed.length < bytes.length) writeFileSync(`${file}.br`, packed);
      }
    },
  };
}

function filesBelow(dir: string): string[] {
  return readdirSync(dir).flatMap((name) => {
    const path = join(dir, name);
    return statSync(path).isDirectory() ? filesBelow(path) : [path];
  });
}
