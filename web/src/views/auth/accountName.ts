/** The account name that a person's name makes: what is typed after `@`. Pure. */
import { spell } from "./spell.ts";

/** As many bytes as an account's name may have. */
const LENGTH_MAX = 32;

/**
 * The name in plain letters and digits, close to how it sounds. Where the script cannot be spelt so,
 * a number that is always the same for the same name: who signs in may type either. Empty: the name
 * has no letter at all.
 */
export function accountName(display: string): string {
  const plain = spell(display.normalize("NFKC").toLowerCase())
    .normalize("NFKD")
    .replace(/\p{Mark}/gu, "")
    .trim()
    .replace(/[\s'’]+/g, ".")
    .replace(/[^a-z0-9._-]/g, "")
    .replace(/^[._-]+/, "")
    .slice(0, LENGTH_MAX)
    .replace(/[._-]+$/, "");
  return plain === "" && /[\p{Letter}\p{Number}]/u.test(display) ? numbered(display) : plain;
}

/** The account that is meant at the sign-in: by its name, or by the name it was made of. */
export function accountMeant(typed: string): string {
  const name = typed.trim().toLowerCase();
  return /^[a-z0-9._-]*$/.test(name) ? name : accountName(typed);
}

/** FNV-1a, in six digits. */
function numbered(display: string): string {
  let hash = 0x811c9dc5;
  for (const letter of display.normalize("NFKC").trim().toLowerCase()) {
    hash = Math.imul(hash ^ (letter.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  }
  return `person-${String(hash % 1_000_000).padStart(6, "0")}`;
}
