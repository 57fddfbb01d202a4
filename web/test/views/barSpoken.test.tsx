// @vitest-environment jsdom
/** What those who read by ear hear of the connection bar: each topic once, a count-down now and then. */
import { act, cleanup, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Bar } from "../../src/sync/model.ts";
import { ConnectionBar } from "../../src/views/ConnectionBar.tsx";
import { anApp } from "./app.tsx";

const BEGAN = 1_000_000;
const WAITING = {
  ...({ state: "waiting", why: "turn", message: null, later: false } as const),
  ...{ turnAt: BEGAN + 90_000, place: 40, inSyncUntil: null, waiting: 0 },
};

beforeEach(() => void vi.useFakeTimers({ now: BEGAN }));
afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

/** Draws the bar; tells everything that the live region has said since. */
function ear(bar: Bar) {
  const { store, around } = anApp({ bar });
  const { container } = render(around(<ConnectionBar />));
  const region = container.querySelector('[aria-live="polite"]');
  const said: string[] = [];
  const listen = (ms: number) => {
    for (let second = 0; second < ms; second += 500) {
      act(() => vi.advanceTimersByTime(500));
      const words = region?.textContent ?? "";
      if (words !== (said.at(-1) ?? "")) said.push(words);
    }
    return said;
  };
  return { listen, show: (next: Bar) => act(() => store.set({ bar: next })) };
}

it("reads a count-down when it begins and every half minute, not every second", () => {
  const { listen } = ear(WAITING);
  const said = listen(75_000);
  expect(said.length).toBe(3);
  expect(said[0]).toMatch(/Your turn in about 90 s; your place is kept\. 40 people before you\./);
  expect(said[1]).toMatch(/about 6[01] s/);
});

it("reads at once when the turn is put off or the operator says something", () => {
  const { listen, show } = ear(WAITING);
  listen(5_000);
  show({ ...WAITING, later: true, turnAt: BEGAN + 200_000 });
  expect(listen(2_000).at(-1)).toMatch(/It takes longer than it looked/);
  show({ ...WAITING, later: true, message: "Back by two." });
  expect(listen(2_000).at(-1)).toMatch(/The operator says: Back by two\./);
});

it("leaves out what does not last a second, and shows it all the same", () => {
  const { listen, show } = ear({ state: "live" });
  show({ state: "partial", shed: ["search"] });
  expect(screen.getByText("Chat is live. Search is catching up.")).toBeTruthy();
  expect(listen(500)).toEqual([]);
  show({ state: "live" });
  expect(listen(3_000)).toEqual([]);
});
