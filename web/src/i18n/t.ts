/**
 * Words by key: looks a phrase up in the catalogue, picks the plural form, fills the blanks.
 * Never builds markup: what comes out is plain text.
 */
import { en } from "./en.ts";

/** One phrase: plain, or one form for each plural category the language has. */
export type Phrase =
  | string
  | {
      readonly one?: string;
      readonly two?: string;
      readonly few?: string;
      readonly many?: string;
      readonly other: string;
    };
/** The name of a phrase. English is the catalogue that defines which there are. */
export type Key = keyof typeof en;
/** A whole language. */
export type Catalogue = Readonly<Record<Key, Phrase>>;
/** What fills the blanks. `count` picks the plural form. */
export type Blanks = Readonly<Record<string, string | number>>;

interface Language {
  readonly tag: string;
  readonly words: Catalogue;
  readonly plural: Intl.PluralRules;
  readonly number: Intl.NumberFormat;
}

let language = speak("en", en);

function speak(tag: string, words: Catalogue): Language {
  return { tag, words, plural: new Intl.PluralRules(tag), number: new Intl.NumberFormat(tag) };
}

/** Changes the language of all that is said from here on. */
export function setLanguage(tag: string, words: Catalogue): void {
  language = speak(tag, words);
}

/** The BCP 47 tag of the language spoken. */
export function languageTag(): string {
  return language.tag;
}

/** The phrase called `key`, with its `{blanks}` filled. Numbers are grouped as the language does. */
export function t(key: Key, blanks?: Blanks): string {
  const phrase = language.words[key];
  const text = typeof phrase === "string" ? phrase : pick(phrase, blanks);
  return blanks === undefined
    ? text
    : text.replace(/\{(\w+)\}/g, (whole, name: string) => say(blanks[name], whole));
}

/** A number as the language writes it. */
export function count(n: number): string {
  return language.number.format(n);
}

/** Several names in one phrase: “a, b and c”. */
export function list(names: readonly string[]): string {
  return new Intl.ListFormat(language.tag, { type: "conjunction" }).format(names);
}

function pick(phrase: Exclude<Phrase, string>, blanks: Blanks | undefined): string {
  const n = Number(blanks?.count ?? 0);
  return phrase[language.plural.select(n) as keyof typeof phrase] ?? phrase.other;
}

function say(value: string | number | undefined, whole: string): string {
  if (value === undefined) return whole;
  return typeof value === "number" ? language.number.format(value) : value;
}
