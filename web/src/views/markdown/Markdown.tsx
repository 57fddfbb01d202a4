/**
 * A message's Markdown as elements. Only the elements named here exist; raw HTML in the source is
 * text, pictures are links, and a link leads to http, https or mailto or is no link.
 */
import { memo, type ReactNode } from "react";
import { CodeBlock } from "./CodeBlock.tsx";
import { EmojiName, PersonName, RoomName } from "./names.tsx";
import {
  DEPTH_MAX,
  emojiOnly,
  pieces,
  safeHref,
  type Token,
  type Tokens,
  tokens,
  unescapeEntities,
} from "./tokens.ts";

/** Longest preview, in UTF-16 units: more than any line on a screen. */
const LINE_MAX = 300;

/** The whole of a message. */
export const Markdown = memo(function Markdown({ text }: { readonly text: string }) {
  if (emojiOnly(text)) return <p className="prose prose-large">{text}</p>;
  const parsed = tokens(text);
  return (
    <div className="prose">
      {parsed === null ? <p className="as-typed">{text}</p> : blocks(parsed, 0)}
    </div>
  );
});

/** One line of it, for previews: no blocks, no line breaks. */
export const MarkdownLine = memo(function MarkdownLine({ text }: { readonly text: string }) {
  const first = firstLine(text);
  const parsed = tokens(first);
  return (
    <span className="prose-line">
      {parsed === null ? first : parsed.map((token, i) => inlineOf(token, i))}
    </span>
  );
});

/** The first line that says something. */
function firstLine(text: string): string {
  const line = text.split("\n").find((candidate) => !/^\s*(`{3}.*)?$/.test(candidate));
  return (line ?? text).trim().slice(0, LINE_MAX);
}

function inlineOf(token: Token, key: number): ReactNode {
  const inside = "tokens" in token && token.tokens !== undefined ? token.tokens : null;
  return inside === null ? plain(token, key) : <span key={key}>{inlines(inside, 1)}</span>;
}

function blocks(list: readonly Token[], depth: number): ReactNode[] {
  return list.map((token, i) => block(token as Tokens.Generic, i, depth + 1));
}

function block(token: Tokens.Generic, key: number, depth: number): ReactNode {
  if (depth > DEPTH_MAX) return <p key={key}>{token.raw}</p>;
  switch (token.type) {
    case "space":
    case "def":
      return null;
    case "paragraph":
      return <p key={key}>{inlines(token.tokens, depth)}</p>;
    case "text":
      return (
        <span key={key}>
          {token.tokens === undefined ? words(token.text) : inlines(token.tokens, depth)}
        </span>
      );
    case "heading":
      return (
        <p key={key} className="prose-heading" data-depth={token.depth}>
          {inlines(token.tokens, depth)}
        </p>
      );
    case "blockquote":
      return <blockquote key={key}>{blocks(token.tokens ?? [], depth)}</blockquote>;
    case "code":
      return <CodeBlock key={key} code={token.text} lang={token.lang ?? ""} />;
    case "checkbox":
      return plain(token, key);
    case "hr":
      return <hr key={key} />;
    case "list":
      return list(token as Tokens.List, key, depth);
    case "table":
      return table(token as Tokens.Table, key, depth);
    default:
      return <p key={key}>{plain(token, key)}</p>;
  }
}

function list(token: Tokens.List, key: number, depth: number): ReactNode {
  const items = token.items.map((item, i) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: the tokens of one text never move
    <li key={i} className={item.task ? "prose-task" : undefined}>
      {blocks(item.tokens, depth)}
    </li>
  ));
  if (!token.ordered) return <ul key={key}>{items}</ul>;
  return (
    <ol key={key} start={token.start === "" ? undefined : token.start}>
      {items}
    </ol>
  );
}

function table(token: Tokens.Table, key: number, depth: number): ReactNode {
  const cell = (Cell: "th" | "td", from: Tokens.TableCell, i: number) => (
    <Cell key={i} data-align={from.align ?? undefined} scope={Cell === "th" ? "col" : undefined}>
      {inlines(from.tokens, depth)}
    </Cell>
  );
  return (
    // A wide table scrolls by itself; the keyboard reaches it to do so.
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable
    <figure key={key} className="prose-table" tabIndex={0}>
      <table>
        <thead>
          <tr>{token.header.map((from, i) => cell("th", from, i))}</tr>
        </thead>
        <tbody>
          {token.rows.map((row, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the tokens of one text never move
            <tr key={i}>{row.map((from, j) => cell("td", from, j))}</tr>
          ))}
        </tbody>
      </table>
    </figure>
  );
}

function inlines(list: readonly Token[] | undefined, depth: number): ReactNode[] {
  return (list ?? []).map((token, i) => inline(token as Tokens.Generic, i, depth + 1));
}

function inline(token: Tokens.Generic, key: number, depth: number): ReactNode {
  if (depth > DEPTH_MAX * 2) return token.raw;
  switch (token.type) {
    case "strong":
      return <strong key={key}>{inlines(token.tokens, depth)}</strong>;
    case "em":
      return <em key={key}>{inlines(token.tokens, depth)}</em>;
    case "del":
      return <del key={key}>{inlines(token.tokens, depth)}</del>;
    case "codespan":
      return <code key={key}>{token.text}</code>;
    case "br":
      return <br key={key} />;
    case "link":
      return link(key, token.href, inlines(token.tokens, depth));
    case "image":
      return link(key, token.href, token.text === "" ? token.href : unescapeEntities(token.text));
    default:
      return plain(token, key);
  }
}

function link(key: number, to: string, inside: ReactNode): ReactNode {
  const href = safeHref(to);
  if (href === null) return <span key={key}>{inside}</span>;
  const here = href.startsWith(`${window.location.origin}/`);
  return (
    <a
      key={key}
      href={href}
      {...(here ? {} : { target: "_blank", rel: "noopener noreferrer nofollow ugc" })}
    >
      {inside}
    </a>
  );
}

function plain(token: Token, key: number): ReactNode {
  switch (token.type) {
    case "checkbox":
      return (
        <input
          key={key}
          type="checkbox"
          checked={(token as Tokens.Checkbox).checked}
          disabled
          aria-readonly
        />
      );
    case "escape":
      return (token as Tokens.Escape).text;
    case "text":
      return <span key={key}>{words((token as Tokens.Text).text)}</span>;
    case "space":
      return null;
    default:
      return token.raw;
  }
}

function words(text: string): ReactNode[] {
  return pieces(unescapeEntities(text)).map((piece, i) => {
    switch (piece.kind) {
      case "text":
        return piece.text;
      case "person":
        // biome-ignore lint/suspicious/noArrayIndexKey: the pieces of one text never move
        return <PersonName key={i} name={piece.name} />;
      case "room":
        // biome-ignore lint/suspicious/noArrayIndexKey: the pieces of one text never move
        return <RoomName key={i} name={piece.name} />;
      case "emoji":
        // biome-ignore lint/suspicious/noArrayIndexKey: the pieces of one text never move
        return <EmojiName key={i} name={piece.name} />;
      default:
        return null;
    }
  });
}
