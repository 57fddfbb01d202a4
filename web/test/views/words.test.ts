/** The catalogue, plurals, times, and that no word stands outside of the catalogue. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { bytes } from "../../src/i18n/bytes.ts";
import { clock, day, setHours24 } from "../../src/i18n/clock.ts";
import { en } from "../../src/i18n/en.ts";
import { type Catalogue, list, setLanguage, t } from "../../src/i18n/t.ts";

afterEach(() => {
  setLanguage("en", en);
  setHours24(true);
});

describe("the catalogue", () => {
  it("picks the plural form", () => {
    expect(t("line.replies", { count: 1 })).toBe("1 reply");
    expect(t("line.replies", { count: 0 })).toBe("0 replies");
    expect(t("line.replies", { count: 12_345 })).toBe("12,345 replies");
  });

  it("has the plural forms of another language", () => {
    const words: Catalogue = {
      ...en,
      "line.replies": {
        one: "{count} ответ",
        few: "{count} ответа",
        many: "{count} ответов",
        other: "{count} ответа",
      },
    };
    setLanguage("ru", words);
    expect([1, 3, 5, 21].map((count) => t("line.replies", { count }))).toEqual([
      "1 ответ",
      "3 ответа",
      "5 ответов",
      "21 ответ",
    ]);
  });

  it("fills its blanks and leaves what it does not know", () => {
    expect(t("thread.in", { room: "#lobby" })).toBe("in #lobby");
    expect(t("thread.in", {})).toBe("in {room}");
    expect(t("thread.in", { room: "{room}" })).toBe("in {room}");
  });

  it("has the same blanks in every form of a plural", () => {
    const blanks = (text: string) =>
      [...text.matchAll(/\{(\w+)\}/g)]
        .map((m) => m[1])
        .filter((name) => name !== "count")
        .sort();
    for (const [key, phrase] of Object.entries(en)) {
      if (typeof phrase === "string" || key === "list.announce") continue;
      expect(blanks(phrase.one), key).toEqual(blanks(phrase.other));
    }
  });

  it("has no phrase that nobody says", () => {
    const said = files(join(import.meta.dirname, "../../src"))
      .filter((path) => /\.tsx?$/.test(path) && !path.endsWith("en.ts"))
      .map((path) => readFileSync(path, "utf8"))
      .join("\n");
    // Some names end in a word of the protocol.
    const built = ["role", "presence", "create"].filter((group) => said.includes(`\`${group}.$`));
    const unsaid = Object.keys(en).filter(
      (key) => !said.includes(`"${key}"`) && !built.some((group) => key.startsWith(`${group}.`)),
    );
    expect(unsaid).toEqual([]);
  });

  it("joins names", () => {
    expect(list(["a", "b", "c"])).toMatch(/^a, b,? and c$/);
  });
});

describe("times", () => {
  const at = new Date(2026, 10, 20, 14, 3).getTime();

  it("are of 24 hours unless one wants 12", () => {
    expect(clock(at)).toBe("14:03");
    setHours24(false);
    expect(clock(at)).toMatch(/^0?2:03\sPM$/i);
  });

  it("have names for the days near by", () => {
    expect(day(at, at)).toBe("Today");
    expect(day(at - 86_400_000, at)).toBe("Yesterday");
    expect(day(at - 2 * 86_400_000, at)).toMatch(/Wednesday,? 18 November/);
    expect(day(new Date(2025, 0, 1).getTime(), at)).toMatch(/2025/);
  });
});

describe("sizes", () => {
  it.each([
    [0, "0 bytes"],
    [1, "1 byte"],
    [1_500, "1.5 kB"],
    [100_000_000, "100 MB"],
  ])("%i is %s", (n, words) => {
    expect(bytes(n)).toBe(words);
  });
});

describe("the views", () => {
  it("say nothing that is not in the catalogue", () => {
    const found = files(join(import.meta.dirname, "../../src/views"))
      .filter((path) => path.endsWith(".tsx"))
      .flatMap((path) => literals(readFileSync(path, "utf8")).map((text) => `${path}: ${text}`));
    expect(found).toEqual([]);
  });
});

function files(dir: string): string[] {
  return readdirSync(dir).flatMap((name) => {
    const path = join(dir, name);
    return statSync(path).isDirectory() ? files(path) : [path];
  });
}

/** Words between tags, and in attributes that are read out or shown. */
function literals(source: string): string[] {
  const code = source.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
  const between = [
    ...code.matchAll(
      /(?:<\/?[\w.]+(?:\s[^<>{}]*)?|\}|\/)>\s*([^<>{}()=;]*[A-Za-z]{2,}[^<>{}()=;]*?)\s*(?=<)/g,
    ),
  ].map((m) => m[1] ?? "");
  const shown = [
    ...code.matchAll(/\b(?:title|placeholder|aria-label|alt|label)="([^"]*[A-Za-z]{2,}[^"]*)"/g),
  ].map((m) => m[1] ?? "");
  return [...between, ...shown].filter((text) => !/^[a-z_]+\.[a-z_]+$/.test(text));
}
