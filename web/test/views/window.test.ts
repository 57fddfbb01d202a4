/** Which rows of a long list are in the page, whatever is put in around them. */
import { describe, expect, it } from "vitest";
import { around, newer, newest, older, rangeOf } from "../../src/views/timeline/window.ts";

const keys = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => `s${from + i}`);
const shown = (all: readonly string[], range: { start: number; end: number }) =>
  all.slice(range.start, range.end);

describe("the window over a list", () => {
  it("begins with the newest rows", () => {
    const all = keys(0, 500);
    const range = rangeOf(newest(all), all);
    expect(range.end).toBe(500);
    expect(range.end - range.start).toBeLessThan(100);
  });

  it("shows the same rows when older ones are put in above", () => {
    const all = keys(100, 200);
    const window = newest(all);
    const before = shown(all, rangeOf(window, all));
    const grown = keys(0, 200);
    expect(shown(grown, rangeOf(window, grown))).toEqual(before);
  });

  it("keeps its place when the day above its first row goes up with what is put in", () => {
    const all = ["day s100", ...keys(100, 140)];
    const window = older(rangeOf(newest(all), all), all);
    const grown = ["day s0", ...keys(0, 140)];
    expect(shown(grown, rangeOf(window, grown))).toEqual(keys(100, 140));
  });

  it("keeps its place when a hole is filled at its edge", () => {
    const all = ["hole h", ...keys(100, 140)];
    const window = older(rangeOf(newest(all), all), all);
    const filled = keys(60, 140);
    expect(shown(filled, rangeOf(window, filled))).toEqual(keys(100, 140));
  });

  it("ends at a hole, and goes on when it is filled", () => {
    const all = [...keys(0, 30), "hole h", ...keys(900, 950)];
    const window = around(20, all);
    expect(shown(all, rangeOf(window, all))).toEqual([...keys(0, 30), "hole h"]);
    const still = newer(rangeOf(window, all), all);
    expect(shown(all, rangeOf(still, all))).toEqual([...keys(0, 30), "hole h"]);
    const grown = [...keys(0, 60), "hole i", ...keys(900, 950)];
    const wider = newer(rangeOf(window, grown), grown);
    expect(shown(grown, rangeOf(wider, grown))).toEqual([...keys(0, 60), "hole i"]);
    const whole = [...keys(0, 950)];
    expect(rangeOf(newer(rangeOf(wider, whole), whole), whole).end).toBe(100);
  });

  it("follows new rows at the newest end", () => {
    const window = newest(keys(0, 100));
    const grown = keys(0, 101);
    expect(rangeOf(window, grown).end).toBe(101);
  });

  it("does not grow without end while it is scrolled", () => {
    const all = keys(0, 5_000);
    let window = newest(all);
    for (let i = 0; i < 50; i++) window = older(rangeOf(window, all), all);
    const up = rangeOf(window, all);
    expect(up.end - up.start).toBeLessThan(250);
    for (let i = 0; i < 200; i++) window = newer(rangeOf(window, all), all);
    expect(rangeOf(window, all).end).toBe(5_000);
  });
});
