/** The reconnect machine does what the shared vectors say, as the server's core does. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Reconnect } from "../src/sync/reconnect.ts";
import type { Input, Output } from "../src/sync/reconnectWords.ts";

interface Vector {
  about: string;
  steps: { at_ms: number; input: Input; outputs: Output[]; deadline_ms: number | null }[];
}

const directory = join(import.meta.dirname, "../../crates/leeward-core/vectors/reconnect");
const files = readdirSync(directory).filter((name) => name.endsWith(".json"));

describe("the shared vectors", () => {
  test("are there", () => {
    expect(files.length).toBeGreaterThanOrEqual(20);
  });

  test.each(files)("%s", (file) => {
    const vector = JSON.parse(readFileSync(join(directory, file), "utf8")) as Vector;
    const machine = new Reconnect();
    for (const step of vector.steps) {
      machine.handle(step.at_ms, step.input);
      const outputs: Output[] = [];
      for (let out = machine.nextOutput(); out !== null; out = machine.nextOutput()) {
        outputs.push(out);
      }
      const where = `${file} at ${step.at_ms} ms: ${step.input.kind}`;
      expect(outputs, where).toEqual(step.outputs);
      expect(machine.deadline(), where).toBe(step.deadline_ms);
    }
  });
});
