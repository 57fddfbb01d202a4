/** What the composer completes and formats, and what names become. */
import { describe, expect, it } from "vitest";
import { accountMeant, accountName } from "../../src/views/auth/accountName.ts";
import { inBlock, wishAt } from "../../src/views/composer/complete.ts";
import { type Format, format } from "../../src/views/composer/format.ts";
import { nearness } from "../../src/views/dialogs/match.ts";
import { hue, initials } from "../../src/views/parts/initials.ts";

/** A text with its caret at the bar. */
function wish(marked: string) {
  const caret = marked.indexOf("|");
  const found = wishAt(marked.replace("|", ""), caret);
  return found === null ? null : `${found.kind} ${found.typed} ${found.start}`;
}

describe("completion", () => {
  it.each([
    ["@ow|", "person ow 0"],
    ["ask @|", "person  4"],
    ["(@ow|ner)", "person ow 1"],
    ["see #lob|", "room lob 4"],
    [":ta|", "emoji ta 0"],
    [":t|", null],
    ["at 14:03|", null],
    ["someone@ex|", null],
    ["/to|", "command to 0"],
    ["not /to|", null],
    ["`@ow|", null],
    ["`code` @ow|", "person ow 7"],
    ["```\n@ow|", null],
    ["```\ncode\n```\n@ow|", "person ow 13"],
  ])("of %j is %j", (text, found) => {
    expect(wish(text)).toBe(found);
  });

  it("knows an open block of code", () => {
    expect(inBlock("```js\nlet x")).toBe(true);
    expect(inBlock("```js\nlet x\n```\n")).toBe(false);
  });
});

/** Applies a format to the part between the brackets; the selection afterwards is bracketed again. */
function formatted(kind: Format, marked: string): string {
  const start = marked.indexOf("[");
  const end = marked.indexOf("]") - 1;
  const text = marked.replace("[", "").replace("]", "");
  const change = format(kind, { text, start, end });
  const out = text.slice(0, change.start) + change.insert + text.slice(change.end);
  const [from, to] = change.select;
  return `${out.slice(0, from)}[${out.slice(from, to)}]${out.slice(to)}`;
}

describe("formats", () => {
  it.each<readonly [Format, string, string]>([
    ["bold", "a [word] here", "a **[word]** here"],
    ["bold", "a **[word]** here", "a [word] here"],
    ["italic", "[]", "_[]_"],
    ["code", "[x]", "`[x]`"],
    ["code_block", "[x]", "```\n[x]\n```\n"],
    ["code_block", "say [x]", "say \n```\n[x]\n```\n"],
    ["list", "one\n[two]", "one\n- two[]"],
    ["quote", "[a\nb]", "> a\n> b[]"],
  ])("%s of %j is %j", (kind, before, after) => {
    expect(formatted(kind, before)).toBe(after);
  });

  it("make a link of words or of an address", () => {
    const words = format("link", { text: "word", start: 0, end: 4 });
    expect(words.insert).toBe("[word](https://)");
    const address = format("link", { text: "https://example.org", start: 0, end: 19 });
    expect(address.insert).toBe("[](https://example.org)");
    expect(address.select).toEqual([1, 1]);
  });
});

describe("names", () => {
  it.each([
    ["owner", "owner"],
    ["Ørjan Åse", "orjan.ase"],
    ["  The Owner ", "the.owner"],
    ["Zoë", "zoe"],
    ["...", ""],
    ["a".repeat(50), "a".repeat(32)],
    [`${"a".repeat(31)} b`, "a".repeat(31)],
    ["Ольга Щукина", "olga.shchukina"],
    ["Мар\u0438\u0306я", "maryya"],
    ["Ґалаґан Їжак", "galagan.yizhak"],
    ["Γεώργιος", "georgios"],
    ["さくら きょうこ", "sakura.kyouko"],
    ["ﾏｯﾁｬ", "matcha"],
    ["김민지", "gimminji"],
    ["李 Wei", "wei"],
    ["O’Neil", "o.neil"],
    ["🙂", ""],
  ])("of account for %j is %j", (display, name) => {
    expect(accountName(display)).toBe(name);
  });

  it.each(["李雷", "محمد", "नमस्ते", "ทดสอบ", "５"])(
    "of account are there in every script, the same each time: %j",
    (display) => {
      const name = accountName(display);
      expect(name).toMatch(/^(?:[a-z0-9][a-z0-9._-]{0,30}[a-z0-9]|[a-z0-9])$/);
      expect(accountName(` ${display} `)).toBe(name);
      expect(accountMeant(display)).toBe(name);
    },
  );

  it("of account are told apart by number, too", () => {
    expect(accountName("李雷")).not.toBe(accountName("韩梅梅"));
  });

  it.each([
    ["Owner ", "owner"],
    ["first_last", "first_last"],
    ["Ольга", "olga"],
    ["", ""],
  ])("typed at the sign-in mean an account: %j is %j", (typed, name) => {
    expect(accountMeant(typed)).toBe(name);
  });

  it.each([
    ["The Owner", "TO"],
    ["owner", "O"],
    ["build-bot", "BB"],
    ["", "?"],
    ["👩‍💻 coder", "👩C"],
  ])("have initials: %j gives %j", (display, letters) => {
    expect(initials(display)).toBe(letters);
  });

  it("have a hue of their own", () => {
    expect(new Set([1, 2, 3, 4, 5, 6].map(hue)).size).toBe(6);
  });

  it("are found by their beginning before their middle", () => {
    const best = (typed: string, names: string[]) =>
      names
        .map((name) => [nearness(name, typed), name] as const)
        .filter(([score]) => score !== null)
        .sort((a, b) => (b[0] ?? 0) - (a[0] ?? 0))
        .map(([, name]) => name);
    expect(best("des", ["redesign", "design", "the-design", "lobby"])).toEqual([
      "design",
      "the-design",
      "redesign",
    ]);
  });
});
