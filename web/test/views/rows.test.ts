/** Which rows a timeline makes. */
import { describe, expect, it } from "vitest";
import type { Item, Line } from "../../src/sync/model.ts";
import { type Row, rows } from "../../src/views/timeline/rows.ts";
import { sentences } from "../../src/views/timeline/system.ts";
import type { Event, RoomFacts } from "../../src/wire/types.ts";

const NOON = new Date(2026, 10, 20, 12).getTime();
const MINUTE_MS = 60_000;

function line(
  seq: number,
  from: number,
  minutes: number,
  what: object = { kind: "message", text: "x" },
): Line {
  const event = { seq, at: NOON + minutes * MINUTE_MS, from, ...what } as Event;
  return { kind: "line", key: `k${seq}`, event, state: "stored", why: null, changing: false };
}

function shape(items: readonly Item[], newAfter: number | null = null): string[] {
  return rows(items, newAfter).map((row: Row) =>
    row.kind === "message" ? (row.head ? "head" : "more") : row.kind,
  );
}

describe("a timeline", () => {
  it("shows the author once for what is said in one go", () => {
    expect(shape([line(1, 1, 0), line(2, 1, 1), line(3, 2, 2), line(4, 1, 3)])).toEqual([
      "day",
      "head",
      "more",
      "head",
      "head",
    ]);
  });

  it("shows the author again after a pause", () => {
    expect(shape([line(1, 1, 0), line(2, 1, 6)])).toEqual(["day", "head", "head"]);
  });

  it("shows the author again for another name of the same account", () => {
    const named = (seq: number, name: string) =>
      line(seq, 1, 0, { kind: "message", text: "x", name });
    expect(shape([named(1, "Builds"), named(2, "Alerts")])).toEqual(["day", "head", "head"]);
  });

  it("begins each day", () => {
    expect(shape([line(1, 1, 0), line(2, 1, 24 * 60)])).toEqual(["day", "head", "day", "head"]);
  });

  it("has one new line, above the first message not read", () => {
    expect(shape([line(1, 1, 0), line(2, 1, 1), line(3, 1, 2)], 1)).toEqual([
      "day",
      "head",
      "new",
      "head",
      "more",
    ]);
  });

  it("has no new line when all is read", () => {
    expect(shape([line(1, 1, 0), line(2, 1, 1)], 2)).toEqual(["day", "head", "more"]);
  });

  it("puts the new line above a message, not above a coming", () => {
    const join = line(2, 2, 1, { kind: "join", who: 2, role: "member" });
    expect(shape([line(1, 1, 0), join, line(3, 1, 2)], 1)).toEqual([
      "day",
      "head",
      "system",
      "new",
      "head",
    ]);
  });

  it("breaks off at a hole", () => {
    const hole: Item = { kind: "hole", key: "h", after: 1, before: 9, loading: false };
    expect(shape([line(1, 1, 0), hole, line(9, 1, 1)])).toEqual([
      "day",
      "head",
      "hole",
      "day",
      "head",
    ]);
  });

  it("gathers comings and goings", () => {
    const joins = [2, 3, 4].map((who) =>
      line(who, who, who, { kind: "join", who, role: "member" }),
    );
    expect(shape(joins)).toEqual(["day", "system"]);
  });

  it("keeps its keys when older lines are put in above", () => {
    const newest = [line(5, 1, 0), line(6, 1, 1)];
    const keys = rows(newest, null).map((row) => row.key);
    const all = rows([line(3, 2, -10), line(4, 2, -9), ...newest], null).map((row) => row.key);
    expect(all).toEqual(expect.arrayContaining(keys.slice(1)));
  });
});

describe("the system", () => {
  const nameOf = (id: number) => `P${id}`;
  const facts = (more: Partial<RoomFacts>): RoomFacts => ({
    room_kind: "public",
    name: "lobby",
    ...more,
  });
  const say = (what: object, before: RoomFacts | null = null) =>
    sentences([line(5, 1, 0, what).event], [before], nameOf);

  it("tells several comings in one sentence", () => {
    const events = [2, 3].map(
      (who) => line(who, who, 0, { kind: "join", who, role: "member" }).event,
    );
    expect(sentences(events, [null, null], nameOf)).toEqual(["P2 and P3 joined"]);
  });

  it("says how many more when there are many", () => {
    const events = [2, 3, 4, 5, 6, 7, 8].map(
      (who) => line(who, who, 0, { kind: "join", who, role: "member" }).event,
    );
    expect(
      sentences(
        events,
        events.map(() => null),
        nameOf,
      )[0],
    ).toMatch(/^P2, P3, P4, P5,? and 3 more joined$/);
  });

  it("says who removed whom", () => {
    expect(say({ kind: "leave", who: 2 })).toEqual(["P1 removed P2"]);
    expect(say({ kind: "leave", who: 2, banned: true })).toEqual(["P1 banned P2"]);
    expect(say({ kind: "leave", who: 1 })).toEqual(["P1 left"]);
  });

  it("says what of the room changed", () => {
    const before = facts({ topic: "a" });
    expect(say({ kind: "room", ...facts({ topic: "b" }) }, before)).toEqual([
      "P1 set the topic: b",
    ]);
    expect(say({ kind: "room", ...facts({}) }, before)).toEqual(["P1 removed the topic"]);
    expect(say({ kind: "room", ...facts({ topic: "a", archived: true }) }, before)).toEqual([
      "P1 archived the room",
    ]);
    expect(say({ kind: "room", ...facts({ topic: "a", name: "hall" }) }, before)).toEqual([
      "P1 renamed the room to #hall",
    ]);
  });
});
