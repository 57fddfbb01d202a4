/** The emoji somebody uses on this device, latest first. */

const KEY = "leeward.emoji";
const KEPT = 16;
const FIRST = ["👍", "❤️", "😂", "🎉", "👀", "✅", "🙏", "🚀"];

export function often(): readonly string[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    const chars = Array.isArray(kept)
      ? kept.filter((char): char is string => typeof char === "string")
      : [];
    return [...new Set([...chars, ...FIRST])].slice(0, KEPT);
  } catch {
    return FIRST;
  }
}

export function remember(char: string): void {
  try {
    localStorage.setItem(
      KEY,
      JSON.stringify([char, ...often().filter((other) => other !== char)].slice(0, KEPT)),
    );
  } catch {
    // Without storage, nothing is remembered; choosing works all the same.
  }
}
