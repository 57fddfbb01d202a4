/**
 * Colours for code: highlight.js with a few languages, in a chunk of its own. Gives a flat list of
 * spans instead of HTML, so that code never passes through a parser.
 */
import hljs from "highlight.js/lib/core";
import bash from "highlight.js/lib/languages/bash";
import c from "highlight.js/lib/languages/c";
import cpp from "highlight.js/lib/languages/cpp";
import css from "highlight.js/lib/languages/css";
import diff from "highlight.js/lib/languages/diff";
import dockerfile from "highlight.js/lib/languages/dockerfile";
import go from "highlight.js/lib/languages/go";
import ini from "highlight.js/lib/languages/ini";
import java from "highlight.js/lib/languages/java";
import javascript from "highlight.js/lib/languages/javascript";
import json from "highlight.js/lib/languages/json";
import python from "highlight.js/lib/languages/python";
import ruby from "highlight.js/lib/languages/ruby";
import rust from "highlight.js/lib/languages/rust";
import sql from "highlight.js/lib/languages/sql";
import typescript from "highlight.js/lib/languages/typescript";
import xml from "highlight.js/lib/languages/xml";
import yaml from "highlight.js/lib/languages/yaml";

/** A run of code of one kind; `kind` is a class of highlight.js without its prefix, or empty. */
export interface Span {
  readonly text: string;
  readonly kind: string;
}

const LANGUAGES = {
  bash,
  c,
  cpp,
  css,
  diff,
  dockerfile,
  go,
  ini,
  java,
  javascript,
  json,
  python,
  ruby,
  rust,
  sql,
  typescript,
  xml,
  yaml,
};
/** Code beyond this many characters stays plain: colouring it would hold up the page. */
const LENGTH_MAX = 20_000;

/** The seam highlight.js has for other outputs than HTML: it is told what opens and what closes. */
class SpanEmitter {
  readonly spans: Span[] = [];
  private readonly kinds: string[] = [];

  addText(text: string): void {
    if (text !== "") this.spans.push({ text, kind: this.kinds.at(-1) ?? "" });
  }

  startScope(kind: string): void {
    this.kinds.push(kind);
  }

  endScope(): void {
    this.kinds.pop();
  }

  openNode(kind: string): void {
    this.startScope(kind);
  }

  closeNode(): void {
    this.endScope();
  }

  __addSublanguage(other: SpanEmitter): void {
    this.spans.push(...other.spans);
  }

  finalize(): void {}

  toHTML(): string {
    return "";
  }
}

for (const [name, language] of Object.entries(LANGUAGES)) hljs.registerLanguage(name, language);
hljs.configure({ __emitter: SpanEmitter } as unknown as Parameters<typeof hljs.configure>[0]);

/** The spans of `code`, or null when the language is not known here. */
export function highlight(code: string, lang: string): readonly Span[] | null {
  if (code.length > LENGTH_MAX || hljs.getLanguage(lang) === undefined) return null;
  const result = hljs.highlight(code, { language: lang, ignoreIllegals: true });
  return (result as unknown as { readonly _emitter: SpanEmitter })._emitter.spans;
}
