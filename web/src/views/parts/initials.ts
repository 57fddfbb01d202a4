/** What stands on an avatar: one or two letters and a hue that belong to an account for ever. */

/** The first letters of the first and the last word of a name. */
export function initials(display: string): string {
  const words = display
    .trim()
    .split(/[\s._-]+/u)
    .filter((word) => word !== "");
  const first = [...(words[0] ?? "?")][0] ?? "?";
  const last = words.length > 1 ? ([...(words.at(-1) ?? "")][0] ?? "") : "";
  return (first + last).toLocaleUpperCase();
}

/** A hue in degrees: neighbours in the order of sign-up are far apart on the wheel. */
export function hue(id: number): number {
  return Math.round((id * 137.508) % 360);
}
