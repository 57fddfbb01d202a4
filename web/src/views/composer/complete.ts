/**
 * What is being typed that can be completed: a person after `@`, a room after `#`, an emoji after
 * `:`, a command after `/` at the beginning. Pure.
 */

export interface Wish {
  readonly kind: "person" | "room" | "emoji" | "command";
  /** What was typed after the sign. */
  readonly typed: string;
  /** Where the sign stands in the text. */
  readonly start: number;
}

export interface Choice {
  readonly key: string;
  /** What is put in the place of the sign and what follows it. */
  readonly insert: string;
  readonly title: string;
  readonly detail: string;
  /** An emoji, or nothing. */
  readonly picture: string;
}

/** Names are at most 32 long, and two words of an emoji's name are enough. */
const TYPED_MAX = 40;

const SIGNS = [
  { kind: "command", form: /^\/(?<typed>[a-z0-9_-]*)$/i },
  { kind: "person", form: /(?:^|[\s(["'*_~>])@(?<typed>[a-z0-9._-]*)$/i },
  { kind: "room", form: /(?:^|[\s(["'*_~>])#(?<typed>[a-z0-9._-]*)$/i },
  { kind: "emoji", form: /(?:^|[\s(*_~>])[:](?<typed>[a-z0-9_+-]{2,})$/i },
] as const;

/** What could be completed at the caret, or null. Nothing is completed inside of code. */
export function wishAt(text: string, caret: number): Wish | null {
  const before = text.slice(0, caret);
  if (inCode(before)) return null;
  for (const { kind, form } of SIGNS) {
    const from = kind === "command" ? 0 : Math.max(0, before.length - TYPED_MAX);
    const typed = form.exec(before.slice(from))?.groups?.typed;
    if (typed !== undefined) return { kind, typed, start: caret - typed.length - 1 };
  }
  return null;
}

/** Whether the end of a text stands in a code block or a code span that is still open. */
export function inCode(before: string): boolean {
  if (inBlock(before)) return true;
  const line = before.slice(before.lastIndexOf("\n") + 1);
  return (line.match(/`/g)?.length ?? 0) % 2 === 1;
}

/** Whether the end of a text stands in a fenced block that is still open. */
export function inBlock(before: string): boolean {
  return (before.match(/^```/gm)?.length ?? 0) % 2 === 1;
}
