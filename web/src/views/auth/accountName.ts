/** The account name that a person's name makes: what is typed after `@`. Pure. */

/** As many bytes as an account's name may have. */
const LENGTH_MAX = 32;

export function accountName(display: string): string {
  return display
    .normalize("NFKD")
    .replace(/\p{Mark}/gu, "")
    .toLowerCase()
    .trim()
    .replace(/[\s']+/g, ".")
    .replace(/[^a-z0-9._-]/g, "")
    .replace(/^[._-]+|[._-]+$/g, "")
    .slice(0, LENGTH_MAX);
}
