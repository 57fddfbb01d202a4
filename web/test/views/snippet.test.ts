/** Which words of a search result are marked. */
import { describe, expect, it } from "vitest";
import { snippetPieces } from "../../src/views/panels/snippet.ts";

const marked = (text: string, query: string) =>
  snippetPieces(text, query)
    .map((piece) => (piece.found ? `[${piece.text}]` : piece.text))
    .join("");

describe("a search result", () => {
  it.each([
    ["Hello from a **phone**", "phone", "Hello from a [phone]"],
    ["The harbour is calm", "HARB calm", "The [harb]our is [calm]"],
    ["calm before the storm", '"the storm" from:owner', "calm before [the storm]"],
    ["C++ (really) a.b", "c++ (really) a.b", "[C]++ ([really]) [a].[b]"],
    ["nothing", "has:file in:lobby", "nothing"],
    ["incalm", "calm", "incalm"],
  ])("%j for %j is %j", (text, query, out) => {
    expect(marked(text, query)).toBe(out);
  });
});
