// @vitest-environment jsdom
/** Which presses a binding means. */
import { describe, expect, it } from "vitest";
import { matches } from "../../src/views/useKeys.ts";

const press = (key: string, held: KeyboardEventInit = {}) =>
  new KeyboardEvent("keydown", { key, ...held });
const means = (key: string, event: KeyboardEvent) => matches({ key, where: "anywhere" }, event);

describe("a binding", () => {
  it("needs exactly the keys that are held", () => {
    expect(means("Mod+K", press("k", { ctrlKey: true }))).toBe(true);
    expect(means("Mod+K", press("k"))).toBe(false);
    expect(means("Mod+K", press("K", { ctrlKey: true, shiftKey: true }))).toBe(false);
    expect(means("Alt+Shift+ArrowUp", press("ArrowUp", { altKey: true, shiftKey: true }))).toBe(
      true,
    );
    expect(means("Alt+ArrowUp", press("ArrowUp", { altKey: true, shiftKey: true }))).toBe(false);
  });

  it("takes a letter without Shift and a sign with or without", () => {
    expect(means("j", press("j"))).toBe(true);
    expect(means("j", press("J", { shiftKey: true }))).toBe(false);
    expect(means("?", press("?", { shiftKey: true }))).toBe(true);
    expect(means("+", press("+"))).toBe(true);
    expect(means("+", press("+", { shiftKey: true }))).toBe(true);
  });

  it("leaves what the browser has for itself", () => {
    expect(means("c", press("c", { ctrlKey: true }))).toBe(false);
    expect(means("r", press("r", { ctrlKey: true }))).toBe(false);
  });
});
