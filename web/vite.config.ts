import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import { brotli } from "./build/brotli.ts";
import { buildFile, buildId } from "./build/id.ts";
import { worker } from "./build/worker.ts";

const id = buildId(import.meta.dirname);
const server = process.env.LEEWARD_URL ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [react(), buildFile(id), worker(import.meta.dirname, id), brotli()],
  define: { __BUILD__: JSON.stringify(id) },
  build: {
    target: "es2022",
    sourcemap: false,
    // The content security policy of the server allows no inline data.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: {
      output: {
        // What changes least is cached longest.
        codeSplitting: {
          groups: [
            { name: "react", test: /node_modules[\\/](?:react|react-dom|scheduler)[\\/]/ },
            { name: "markdown", test: /node_modules[\\/]marked[\\/]/ },
          ],
        },
      },
    },
  },
  server: {
    proxy: {
      "/api": { target: server, ws: true },
      "/hooks": { target: server },
    },
  },
  test: {
    environment: "node",
    include: ["test/**/*.test.ts", "test/**/*.test.tsx"],
    restoreMocks: true,
  },
});
