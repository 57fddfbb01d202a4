/** Every screen without a server: `gallery.html?place=/r/1&panel=thread&dialog=switcher&bar=offline`. */
import { createRoot } from "react-dom/client";
import type { Ctx } from "../src/actions/action.ts";
import type { Client } from "../src/sync/client.ts";
import type { Bar, Dialog, Panel, State } from "../src/sync/model.ts";
import { placeAt } from "../src/sync/place.ts";
import { createStore } from "../src/sync/store.ts";
import "../src/views/styles.ts";
import { App } from "../src/views/App.tsx";
import { moveFocus } from "../src/views/timeline/useRovingFocus.ts";
import { AppContext } from "../src/views/useApp.ts";
import { fixture } from "./fixture.ts";

const wish = new URLSearchParams(window.location.search);
const now = Date.now();
const WAITING = {
  ...({ state: "waiting", why: "turn", message: null, later: false } as const),
  ...{ turnAt: now + 20_000, place: 400, inSyncUntil: now, waiting: 0 },
};
const BARS: Readonly<Record<string, Bar>> = {
  reconnecting: { state: "reconnecting", inSyncUntil: now, waiting: 2 },
  waiting: WAITING,
  waiting_first: { ...WAITING, turnAt: now, place: 0 },
  waiting_later: { ...WAITING, turnAt: now + 40_000, place: 400, later: true, waiting: 2 },
  waiting_words: { ...WAITING, place: 37, message: "The disk is being changed. Back by 14:30." },
  gate: {
    ...{ ...WAITING, place: null, why: "gate", turnAt: now + 30_000 },
    message: "We move to the other data centre and let you in from 14:30 on, room by room.",
  },
  gate_plain: { ...WAITING, place: null, why: "gate", turnAt: now + 30_000 },
  drain: { ...WAITING, place: null, why: "drain", turnAt: now + 8_000, waiting: 1 },
  offline: { state: "offline", inSyncUntil: now, waiting: 2 },
  read_only: { state: "read_only", waiting: 1 },
  partial: { state: "partial", shed: ["presence", "search"] },
  back: { state: "back", count: 14, atLeast: false, since: now, room: 1 },
  sign_in: { state: "sign_in", waiting: 1 },
  reload: { state: "reload", unsent: 0 },
  reload_unsent: { state: "reload", unsent: 2 },
  offline_plain: { state: "offline", inSyncUntil: now, waiting: 0 },
  back_plain: { state: "back", count: 0, atLeast: false, since: now, room: null },
  partial_all: { state: "partial", shed: ["typing", "presence", "snapshots", "search"] },
};
// For whoever takes pictures of all of them.
Object.assign(window, { bars: Object.keys(BARS) });
const PANELS: Readonly<Record<string, Panel>> = {
  thread: { kind: "thread", room: 1, root: 9 },
  members: { kind: "members" },
  details: { kind: "details" },
  search: { kind: "search" },
};

const start: State = {
  ...fixture(),
  place: placeAt(wish.get("place") ?? "/r/1"),
  panel: PANELS[wish.get("panel") ?? ""] ?? null,
  dialog: wish.has("dialog")
    ? ({ kind: wish.get("dialog"), room: null, seq: 9 } as unknown as Dialog)
    : null,
  bar: BARS[wish.get("bar") ?? ""] ?? { state: "live" },
  settings: { theme: wish.get("theme") ?? "system", density: wish.get("density") ?? "cosy" },
  phase: (wish.get("phase") as State["phase"] | null) ?? "signed_in",
};
const store = createStore<State>(start, (run) => requestAnimationFrame(run));

/** Verbs that do nothing, and say nothing. */
function nothing(): unknown {
  return new Proxy({}, { get: () => () => Promise.resolve([]) });
}

const client = new Proxy({} as Client, {
  get: (_, verbs) => {
    if (verbs === "store") return store;
    if (verbs === "screen") {
      return {
        go: (place: State["place"]) => store.set({ place, panel: null }),
        panel: (panel: State["panel"]) => store.set({ panel }),
        dialog: (dialog: State["dialog"]) => store.set({ dialog }),
        edit: (editing: State["editing"]) => store.set({ editing }),
        notice: () => undefined,
        dismiss: () => undefined,
      };
    }
    if (verbs === "people")
      return {
        want: () => undefined,
        learn: () => undefined,
        find: async () => [...store.getState().people.keys()],
      };
    if (verbs === "notifications")
      return { permission: () => "default", ask: async () => undefined };
    return nothing();
  },
});

const ctx: Ctx = {
  client,
  page: {
    copy: async () => undefined,
    reload: () => undefined,
    moveFocus,
    origin: window.location.origin,
  },
};
const root = document.getElementById("app");
if (root !== null) {
  createRoot(root).render(
    <AppContext value={ctx}>
      <App />
    </AppContext>,
  );
}
