/** The words of the connection bar. */
import { describe, expect, it } from "vitest";
import type { Bar } from "../../src/sync/model.ts";
import { barWords } from "../../src/views/barWords.ts";

const AT = new Date(2026, 10, 20, 14, 3, 12).getTime();
const words = (bar: Bar) => barWords(bar, AT)?.text ?? null;

describe("the connection bar", () => {
  it.each<readonly [Bar, string | null]>([
    [{ state: "live" }, null],
    [{ state: "blip" }, null],
    [
      { state: "reconnecting", inSyncUntil: AT, waiting: 2 },
      "Reconnecting… You can keep reading and writing. In sync until 14:03:12. 2 messages waiting.",
    ],
    [
      { state: "reconnecting", inSyncUntil: null, waiting: 0 },
      "Reconnecting… You can keep reading and writing.",
    ],
    [
      { state: "waiting", turnAt: AT + 20_000, place: 3, inSyncUntil: AT, waiting: 0 },
      "The server is letting everyone back in. Your turn in about 20 s; your place is kept.",
    ],
    [
      { state: "offline", inSyncUntil: AT, waiting: 2 },
      "You are offline. 2 messages will be sent when you are back.",
    ],
    [
      { state: "offline", inSyncUntil: AT, waiting: 1 },
      "You are offline. 1 message will be sent when you are back.",
    ],
    [{ state: "offline", inSyncUntil: AT, waiting: 0 }, "You are offline."],
    [
      { state: "read_only", waiting: 1 },
      "Reading works. Sending resumes shortly; what you write is kept.",
    ],
    [
      { state: "partial", shed: ["presence", "search"] },
      "Chat is live. Presence and search are catching up.",
    ],
    [{ state: "partial", shed: ["presence", "typing"] }, "Chat is live. Presence is catching up."],
    [
      { state: "back", count: 14, atLeast: false, since: AT, room: 1 },
      "Back. 14 new messages since 14:03",
    ],
    [
      { state: "back", count: 1, atLeast: false, since: AT, room: 1 },
      "Back. 1 new message since 14:03",
    ],
    [
      { state: "back", count: 50, atLeast: true, since: AT, room: 1 },
      "Back. More than 50 new messages since 14:03",
    ],
    [{ state: "back", count: 0, atLeast: false, since: AT, room: null }, "Back."],
    [{ state: "sign_in", waiting: 2 }, "Please sign in again; your unsent messages stay here."],
    [{ state: "reload", unsent: 1 }, "A new version is ready"],
  ])("%j says %j", (bar, text) => {
    expect(words(bar)).toBe(text);
  });

  it("offers what a person can do", () => {
    expect(
      barWords({ state: "back", count: 3, atLeast: false, since: AT, room: 2 }, AT)?.offer,
    ).toBe("show");
    expect(barWords({ state: "sign_in", waiting: 0 }, AT)?.offer).toBe("sign_in");
    expect(barWords({ state: "reload", unsent: 0 }, AT)?.offer).toBe("reload");
  });

  it("counts the turn down and never below", () => {
    const bar: Bar = { state: "waiting", turnAt: AT, place: null, inSyncUntil: null, waiting: 0 };
    expect(barWords(bar, AT + 5_000)?.text).toBe(
      "The server is letting everyone back in. Your turn is next; your place is kept.",
    );
  });
});
