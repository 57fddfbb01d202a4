/** The registry of actions holds together, and so do the addresses. */
import { expect, test } from "vitest";
import type { Action } from "../src/actions/action.ts";
import { actions } from "../src/actions/index.ts";
import { en } from "../src/i18n/en.ts";
import type { Place } from "../src/sync/model.ts";
import { pathOf, placeAt } from "../src/sync/place.ts";

const all = Object.entries(actions) as [string, Action<never>][];

test("every action is registered under its own id and has a name", () => {
  for (const [id, action] of all) {
    expect(action.id).toBe(id);
    expect(en).toHaveProperty([action.label]);
  }
});

test("no key does two things in one place", () => {
  const keys = all.flatMap(([, { keys = [] }]) => keys.map(({ key, where }) => `${where} ${key}`));
  expect(new Set(keys).size).toBe(keys.length);
});

test("the keys that people expect are there", () => {
  const keys = all.flatMap(([, { keys = [] }]) => keys.map(({ key }) => key));
  for (const key of ["Mod+K", "Alt+ArrowDown", "Alt+Shift+ArrowUp", "ArrowUp", "Escape", "?"]) {
    expect(keys).toContain(key);
  }
  for (const key of ["j", "k", "r", "t", "e", "+", "c", "u"]) expect(keys).toContain(key);
});

test.each<Place>([
  { page: "home" },
  { page: "set_up" },
  { page: "invite", token: "a_b-c" },
  { page: "room", room: 3, seq: null, jump: 0, tab: "chat" },
  { page: "room", room: 3, seq: 41, jump: 0, tab: "chat" },
  { page: "inbox" },
  { page: "settings", section: "" },
])("$page has an address that leads back to it", (place) => {
  expect(placeAt(pathOf(place))).toEqual(place);
});

test.each(["/r/0", "/r/-1", "/r/x", "/r/99999999999999999999", "/nowhere", "//", ""])(
  "the address %o leads home",
  (path) => {
    expect(placeAt(path)).toEqual({ page: "home" });
  },
);

test("a token may stand in the path or in the fragment", () => {
  expect(placeAt("/invite/abc")).toEqual({ page: "invite", token: "abc" });
  expect(placeAt("/invite#abc")).toEqual({ page: "invite", token: "abc" });
  expect(placeAt("/setup#abc")).toEqual({ page: "set_up" });
});
