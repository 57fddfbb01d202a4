/**
 * Markdown source to tokens, and what may be made of them. Nothing here or in `Markdown.tsx` ever
 * holds HTML: tokens become elements one by one, so what is not named there cannot come out.
 */
import { Lexer, type Token } from "marked";

export type { Token, Tokens } from "marked";

/** Nesting beyond this is shown as it was typed: nobody reads it, and the stack has an end. */
export const DEPTH_MAX = 12;
/** Nested deeper than this by its first column, a text is not parsed at all. */
const QUOTE_RUN_MAX = 40;

/** The blocks of a message, or null for a text that is shown as it was typed. */
export function tokens(source: string): Token[] | null {
  if (new RegExp(`(?:^|\\n)(?:[>\\s]|[-*+]\\s){${QUOTE_RUN_MAX},}`).test(source)) return null;
  try {
    return new Lexer({ gfm: true, breaks: true }).lex(source);
  } catch {
    return null;
  }
}

/** The address of a link if it is one that may be followed, else null. */
export function safeHref(href: string): string | null {
  const clean = unescapeEntities(href).trim();
  if (hasControls(clean)) return null;
  try {
    const url = new URL(clean);
    return ["http:", "https:", "mailto:"].includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

function hasControls(text: string): boolean {
  for (const char of text) if (char < " " || char === "\u007f") return true;
  return false;
}

const NAMED: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: "\u00a0",
  copy: "©",
  hellip: "…",
  mdash: "—",
  ndash: "–",
  rarr: "→",
  larr: "←",
  times: "×",
};

/** Character references as the characters they stand for; unknown ones stay as typed. */
export function unescapeEntities(text: string): string {
  if (!text.includes("&")) return text;
  return text.replace(
    /&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]{2,8}));/gi,
    (whole, dec, hex, name) => {
      if (name !== undefined) return NAMED[name] ?? whole;
      const code = dec !== undefined ? Number.parseInt(dec, 10) : Number.parseInt(hex, 16);
      return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole;
    },
  );
}

/** A run of plain text, cut at what has a meaning in chat. */
export type Piece =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "person"; readonly name: string }
  | { readonly kind: "room"; readonly name: string }
  | { readonly kind: "emoji"; readonly name: string };

const MEANING =
  /(?<=^|[\s([{"'“‘>*_~/|,;])(?:@(?<person>[a-z0-9][a-z0-9._-]{0,31})|#(?<room>[a-z0-9][a-z0-9._-]{0,31})(?=$|[^\w-]))|:(?<emoji>[a-z0-9_+-]{2,40}):/giu;

/** Cuts text at mentions of people and rooms, and at the short names of emoji. */
export function pieces(text: string): Piece[] {
  const out: Piece[] = [];
  let from = 0;
  for (const match of text.matchAll(MEANING)) {
    const { person, room, emoji } = match.groups ?? {};
    let length = match[0].length;
    let piece: Piece;
    if (person !== undefined) {
      // A full stop after a name ends the sentence, not the name.
      const name = person.replace(/[.-]+$/, "");
      length -= person.length - name.length;
      piece = { kind: "person", name: name.toLowerCase() };
    } else if (room !== undefined) {
      const name = room.replace(/[.-]+$/, "");
      length -= room.length - name.length;
      piece = { kind: "room", name: name.toLowerCase() };
    } else {
      piece = { kind: "emoji", name: emoji ?? "" };
    }
    if (match.index > from) out.push({ kind: "text", text: text.slice(from, match.index) });
    out.push(piece);
    from = match.index + length;
  }
  if (from < text.length) out.push({ kind: "text", text: text.slice(from) });
  return out;
}

const PICTURE = String.raw`(?:\p{Extended_Pictographic}|\p{Regional_Indicator}{2})`;
/** What may follow a picture and belongs to it: a skin tone, a variation, a joined picture. */
const TAIL = String.raw`(?:\p{Emoji_Modifier}|\ufe0f|\u20e3|\u200d\p{Extended_Pictographic})*`;
const EMOJI_ONLY = new RegExp(String.raw`^(?:\s*${PICTURE}${TAIL}\s*){1,6}$`, "u");

/** Whether a message is nothing but a few emoji, which are then shown large. */
export function emojiOnly(text: string): boolean {
  return text.length <= 60 && EMOJI_ONLY.test(text);
}
