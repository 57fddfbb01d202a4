/** The account name that a person's name makes: what is typed after `@`. Pure. */

/** As many bytes as an account's name may have. */
const LENGTH_MAX = 32;

/** Letters of the Latin script that do not fall into a plain letter and a mark. */
const SPELT: Readonly<Record<string, string>> = {
  ø: "o",
  æ: "ae",
  œ: "oe",
  ß: "ss",
  ł: "l",
  đ: "d",
  ð: "d",
  þ: "th",
  ı: "i",
};

export function accountName(display: string): string {
  return display
    .normalize("NFKD")
    .replace(/\p{Mark}/gu, "")
    .toLowerCase()
    .replace(/[øæœßłđðþı]/g, (letter) => SPELT[letter] ?? "")
    .trim()
    .replace(/[\s']+/g, ".")
    .replace(/[^a-z0-9._-]/g, "")
    .replace(/^[._-]+|[._-]+$/g, "")
    .slice(0, LENGTH_MAX);
}
