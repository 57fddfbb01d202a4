/** The words of the connection bar. */
import { describe, expect, it } from "vitest";
import type { Bar } from "../../src/sync/model.ts";
import { barWords } from "../../src/views/barWords.ts";

const AT = new Date(2026, 10, 20, 14, 3, 12).getTime();
const WAITING = {
  state: "waiting",
  turnAt: AT,
  place: null,
  why: "turn",
  message: null,
  later: false,
  inSyncUntil: AT,
  waiting: 0,
} as const;
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
      { ...WAITING, turnAt: AT + 20_000 },
      "The server is letting everyone back in. Your turn in about 20 s; your place is kept.",
    ],
    [
      { ...WAITING, turnAt: AT + 190_000 },
      "The server is letting everyone back in. Your turn in about 4 min; your place is kept.",
    ],
    [
      { ...WAITING, turnAt: AT + 40_000, later: true },
      "The server is letting everyone back in. It takes longer than it looked: your turn in about 40 s; your place is kept.",
    ],
    [
      { ...WAITING, turnAt: AT + 30_000, why: "gate" },
      "The server lets nobody in for the moment. Asking again in about 30 s; your place is kept.",
    ],
    [
      { ...WAITING, turnAt: AT, why: "gate" },
      "The server lets nobody in for the moment. Asking again; your place is kept.",
    ],
    [
      { ...WAITING, turnAt: AT + 8_000, why: "drain", later: true },
      "The server is restarting. You will be back in about 8 s; your place is kept.",
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
    [{ state: "partial", shed: ["typing", "presence"] }, "Chat is live. Presence is catching up."],
    [{ state: "partial", shed: ["typing"] }, "Chat is live. Typing notices are catching up."],
    [
      { state: "partial", shed: ["typing", "presence", "snapshots", "search"] },
      "Chat is live. Presence, older messages, and search are catching up.",
    ],
    [{ state: "partial", shed: ["juggling"] }, "Chat is live. Some of the rest is catching up."],
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
    [{ state: "reload", unsent: 0 }, "A new version is ready"],
    [{ state: "reload", unsent: 1 }, "A new version is ready; your unsent message is kept"],
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

  it("tells the place, what waits to be sent, and what the operator says", () => {
    const bar: Bar = { ...WAITING, place: 120, waiting: 2, message: "Back at two." };
    const { detail, quote } = barWords(bar, AT) ?? {};
    expect(detail).toBe("120 people before you. 2 messages waiting.");
    expect(quote).toBe("Back at two.");
    expect(barWords({ ...WAITING, place: 0 }, AT)?.detail).toBeNull();
  });

  it("counts the turn down and never below", () => {
    expect(barWords(WAITING, AT + 5_000)?.text).toBe(
      "The server is letting everyone back in. Your turn is next; your place is kept.",
    );
  });
});
