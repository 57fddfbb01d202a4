// @vitest-environment jsdom
/** What hostile and friendly Markdown becomes. */
import { cleanup, render } from "@testing-library/react";
import { afterEach, describe, expect, it } from "vitest";
import { Markdown, MarkdownLine } from "../../src/views/markdown/Markdown.tsx";
import { emojiOnly, pieces, safeHref } from "../../src/views/markdown/tokens.ts";
import { inApp } from "./app.tsx";

afterEach(cleanup);

function html(text: string): string {
  return render(inApp(<Markdown text={text} />)).container.innerHTML;
}

const HOSTILE = [
  "<script>alert(1)</script>",
  "<img src=x onerror=alert(1)>",
  '<a href="javascript:alert(1)">x</a>',
  "[x](javascript:alert(1))",
  "[x](JaVaScRiPt:alert(1))",
  "[x](java\nscript:alert(1))",
  "[x](&#106;avascript:alert(1))",
  "[x](&#x6A&#x61&#x76&#x61&#x73&#x63&#x72&#x69&#x70&#x74&#x3A;alert(1))",
  "[x](javascript&colon;alert(1))",
  "[x](\u0001javascript:alert(1))",
  "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
  "[x](vbscript:msgbox(1))",
  "[x](file:///etc/passwd)",
  "[x](blob:https://example.org/1)",
  "![x](javascript:alert(1))",
  "![x](data:image/svg+xml,<svg onload=alert(1)>)",
  "<javascript:alert(1)>",
  "<svg><script>alert(1)</script></svg>",
  "<svg onload=alert(1)>",
  "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
  "<math><mtext></mtext><mglyph><style><img src=x onerror=alert(1)>",
  "<details open ontoggle=alert(1)>x</details>",
  "<style>*{background:url(//example.org)}</style>",
  "<form action=//example.org><input name=password></form>",
  "<base href=//example.org>",
  "<meta http-equiv=refresh content=0;url=//example.org>",
  "```html\n<script>alert(1)</script>\n```",
  '```"><img src=x onerror=alert(1)>\ncode\n```',
  "`<img src=x onerror=alert(1)>`",
  "| <img src=x onerror=alert(1)> |\n|---|\n| <script>alert(1)</script> |",
  '[x](https://example.org "\\" onmouseover=alert(1) ")',
  "@<img src=x onerror=alert(1)> #<b>x</b> :<i>:",
  "- [x] <img src=x onerror=alert(1)>",
  "[x]: javascript:alert(1)\n\n[x]",
  "<!--><img src=x onerror=alert(1)>-->",
  "<a\nhref\n=\n'javascript:alert(1)'>x</a>",
] as const;

const ALLOWED = new Set(
  "DIV P SPAN STRONG EM DEL CODE PRE BR A UL OL LI INPUT BLOCKQUOTE HR FIGURE FIGCAPTION TABLE THEAD TBODY TR TH TD BUTTON SVG PATH".split(
    " ",
  ),
);

describe("hostile Markdown", () => {
  it.each(HOSTILE)("is shown and never run: %s", (text) => {
    const { container } = render(inApp(<Markdown text={text} />));
    for (const element of container.querySelectorAll("*")) {
      expect(ALLOWED).toContain(element.tagName.toUpperCase());
      for (const { name } of element.attributes) expect(name).not.toMatch(/^on|^style$|^src/);
      const href = element.getAttribute("href");
      if (href !== null) expect(href).toMatch(/^(https?:|mailto:)/);
    }
  });

  it.each(HOSTILE)("is harmless in a preview: %s", (text) => {
    const { container } = render(inApp(<MarkdownLine text={text} />));
    expect(container.querySelector("script, img, iframe, svg, style, form, [onerror]")).toBeNull();
  });

  it("shows raw HTML as it was typed", () => {
    const { container } = render(inApp(<Markdown text="a <b>bold</b> word" />));
    expect(container.textContent).toBe("a <b>bold</b> word");
    expect(container.querySelector("b")).toBeNull();
  });

  it("survives nesting that no person writes", () => {
    const started = performance.now();
    for (const text of [
      ">".repeat(20_000),
      "> ".repeat(9_000),
      "- ".repeat(9_000),
      "*".repeat(30_000),
      "[".repeat(20_000),
      "`".repeat(30_000),
      "![](".repeat(6_000),
      "| a ".repeat(8_000),
    ]) {
      html(text);
    }
    expect(performance.now() - started).toBeLessThan(8_000);
  });
});

describe("links", () => {
  it.each([
    ["https://example.org/a?b=c", "https://example.org/a?b=c"],
    ["http://example.org", "http://example.org/"],
    ["mailto:someone@example.org", "mailto:someone@example.org"],
    ["javascript:alert(1)", null],
    ["/relative", null],
    ["//example.org", null],
    [" javascript:alert(1)", null],
    ["ftp://example.org", null],
  ])("%s leads to %s", (href, to) => {
    expect(safeHref(href)).toBe(to);
  });

  it("open elsewhere without telling where from", () => {
    expect(html("https://example.org")).toMatch(/rel="noopener noreferrer nofollow ugc"/);
  });
});

describe("Markdown", () => {
  it("has tables, task lists, code, quotes and line breaks", () => {
    const out = html(
      "| a | b |\n|---|--:|\n| 1 | 2 |\n\n- [x] done\n- [ ] open\n\n> quote\n\none\ntwo\n\n```rust\nfn main() {}\n```",
    );
    for (const part of [
      "<table>",
      'data-align="right"',
      "checked",
      "<blockquote>",
      "<br>",
      "fn main() {}",
    ]) {
      expect(out).toContain(part);
    }
  });

  it("reads character references once", () => {
    expect(render(inApp(<Markdown text={"1 &lt; 2 &amp;lt; 3"} />)).container.textContent).toBe(
      "1 < 2 &lt; 3",
    );
  });

  it("marks people and rooms that exist, and leaves others as text", () => {
    const out = html("@member and @nobody in #lobby and #nowhere");
    expect(out).toContain('title="A Member"');
    expect(out).toContain("@nobody");
    expect(out).toContain('href="/r/1"');
  });

  it("shows a few emoji large", () => {
    expect(emojiOnly("🎉")).toBe(true);
    expect(emojiOnly("👩‍💻 👍🏽 ❤️")).toBe(true);
    expect(emojiOnly("🎉 done")).toBe(false);
    expect(emojiOnly("12")).toBe(false);
  });
});

describe("pieces", () => {
  it("end a name before the full stop of the sentence", () => {
    expect(pieces("ask @member.")).toEqual([
      { kind: "text", text: "ask " },
      { kind: "person", name: "member" },
      { kind: "text", text: "." },
    ]);
  });

  it("see no name inside of an address or a word", () => {
    expect(pieces("someone@example.org a#b")).toEqual([
      { kind: "text", text: "someone@example.org a#b" },
    ]);
  });
});
