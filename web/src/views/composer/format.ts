/** Markdown around the selection of a text box: what to put where. Pure. */

export type Format =
  | "bold"
  | "italic"
  | "strike"
  | "code"
  | "code_block"
  | "link"
  | "list"
  | "quote";

export interface Selected {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

export interface Change {
  /** What takes the place of the text from `start` to `end`. */
  readonly start: number;
  readonly end: number;
  readonly insert: string;
  /** The selection afterwards, in the whole text. */
  readonly select: readonly [number, number];
}

const MARKS: Partial<Record<Format, string>> = { bold: "**", italic: "_", strike: "~~", code: "`" };

/** What a format does to a selection. A mark that is there already is taken off. */
export function format(kind: Format, { text, start, end }: Selected): Change {
  const mark = MARKS[kind];
  const inside = text.slice(start, end);
  if (mark !== undefined) return marked(mark, { text, start, end });
  if (kind === "link") {
    const isUrl = /^https?:\/\/\S+$/.test(inside);
    const insert = isUrl ? `[](${inside})` : `[${inside}](https://)`;
    const at = isUrl ? start + 1 : start + inside.length + 3;
    return { start, end, insert, select: isUrl ? [at, at] : [at, at + 8] };
  }
  if (kind === "code_block") {
    const insert = `${start > 0 && text[start - 1] !== "\n" ? "\n" : ""}\`\`\`\n${inside}\n\`\`\`\n`;
    const at = start + insert.indexOf("```") + 4;
    return { start, end, insert, select: [at, at + inside.length] };
  }
  const from = text.lastIndexOf("\n", start - 1) + 1;
  const sign = kind === "list" ? "- " : "> ";
  const insert = text
    .slice(from, end)
    .split("\n")
    .map((line) => sign + line)
    .join("\n");
  return { start: from, end, insert, select: [from + insert.length, from + insert.length] };
}

function marked(mark: string, { text, start, end }: Selected): Change {
  const inside = text.slice(start, end);
  const before = text.slice(start - mark.length, start);
  const after = text.slice(end, end + mark.length);
  if (before === mark && after === mark) {
    const from = start - mark.length;
    return {
      start: from,
      end: end + mark.length,
      insert: inside,
      select: [from, from + inside.length],
    };
  }
  const at = start + mark.length;
  return { start, end, insert: mark + inside + mark, select: [at, at + inside.length] };
}
