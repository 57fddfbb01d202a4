/** The world of a real page: its sockets, clocks, storage, address and events. */
import type { Socket } from "./connection.ts";
import { forgetKeep, openKeep } from "./keep.ts";
import { newNonce } from "./nonce.ts";
import type { Note } from "./notifications.ts";
import { pageSchedule } from "./store.ts";
import { browserTabs } from "./tabs.ts";
import type { PageEvent, PageWorld, World } from "./world.ts";

/** A timer that is late by this much has slept. */
const SLEPT_MS = 10_000;
const LOOK_MS = 2_000;
/** Nobody at the keyboard for so long is away. */
const IDLE_MS = 5 * 60_000;

/** Makes the world of this page. `words` says what a note says. */
export function browserWorld(words: (note: Note) => { title: string; body: string }): World {
  const clock = new Clock();
  return {
    // The sources change under a development server: there is nothing to compare with.
    build: import.meta.env.DEV ? "" : __BUILD__,
    device: deviceName(navigator.userAgent),
    openSocket: () => {
      const { protocol, host } = window.location;
      const scheme = protocol === "https:" ? "wss:" : "ws:";
      return new WebSocket(`${scheme}//${host}/api/v1/live`, "leeward.v1") as Socket;
    },
    fetch: (path, init) => fetch(path, init),
    now: () => clock.now(),
    wall: () => Date.now(),
    random: () => crypto.getRandomValues(new Uint32Array(1))[0] ?? 0,
    timer: (run, ms) => {
      const timer = setTimeout(run, ms);
      return () => clearTimeout(timer);
    },
    schedule: pageSchedule(document),
    openKeep,
    forgetKeep,
    tabs: (account) => browserTabs(account, newNonce()),
    ...wordsOf("localStorage", (remember, remembered) => ({ remember, remembered })),
    ...wordsOf("sessionStorage", (rememberHere, rememberedHere) => ({
      rememberHere,
      rememberedHere,
    })),
    page: browserPage(clock),
    notify: {
      permission: () => ("Notification" in window ? Notification.permission : "unsupported"),
      ask: async () => {
        if ("Notification" in window) await Notification.requestPermission();
      },
      show: (note, open) => notify(note, words(note), open),
    },
  };
}

/** Writes and reads a few words. A browser that keeps nothing asks the server instead. */
function wordsOf<T>(
  kind: "localStorage" | "sessionStorage",
  named: (write: World["remember"], read: World["remembered"]) => T,
): T {
  return named(
    (key, value) => {
      try {
        if (value === null) window[kind].removeItem(key);
        else window[kind].setItem(key, value);
      } catch {
        // Full, or forbidden.
      }
    },
    (key) => {
      try {
        return window[kind].getItem(key);
      } catch {
        return null;
      }
    },
  );
}

/** Counts on while the device sleeps, whatever the browser's own clock does, and never goes back. */
class Clock {
  #asleep = 0;
  #last = { wall: Date.now(), steady: performance.now() };

  now(): number {
    return performance.now() + this.#asleep;
  }

  /** Looks whether time has passed unseen. True: the device slept. */
  look(): boolean {
    const wall = Date.now();
    const steady = performance.now();
    const unseen = wall - this.#last.wall - (steady - this.#last.steady);
    const since = steady - this.#last.steady;
    this.#last = { wall, steady };
    if (unseen > SLEPT_MS) this.#asleep += unseen;
    return unseen > SLEPT_MS || since > LOOK_MS + SLEPT_MS;
  }
}

function browserPage(clock: Clock): PageWorld {
  return {
    path: () => window.location.pathname + window.location.hash,
    push: (path) => {
      // A panel that covers the room has a step of its own, which whoever goes on from there leaves.
      const covered = (window.history.state as { panel?: boolean } | null)?.panel === true;
      if (covered) window.history.replaceState(null, "", path);
      else window.history.pushState(null, "", path);
    },
    replace: (path) => window.history.replaceState(null, "", path),
    onPath: (listener) => window.addEventListener("popstate", listener),
    on: (listener) => listen(clock, listener),
    visible: () => document.visibilityState === "visible",
    online: () => navigator.onLine,
    attentive: () => document.visibilityState === "visible" && document.hasFocus(),
  };
}

function listen(clock: Clock, listener: (event: PageEvent) => void): void {
  document.addEventListener("visibilitychange", () => {
    if (clock.look() && document.visibilityState === "visible") listener("woke");
    listener(document.visibilityState === "visible" ? "visible" : "hidden");
  });
  window.addEventListener("online", () => listener("online"));
  window.addEventListener("offline", () => listener("offline"));
  window.addEventListener("pagehide", () => listener("leaving"));
  // A page that comes back from the browser's cache has been frozen.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) listener("woke");
  });
  setInterval(() => {
    if (clock.look() && document.visibilityState === "visible") listener("woke");
  }, LOOK_MS);
  listenForIdle(listener);
}

function listenForIdle(listener: (event: PageEvent) => void): void {
  let idle = false;
  let timer = 0;
  const active = () => {
    window.clearTimeout(timer);
    timer = window.setTimeout(() => {
      idle = true;
      listener("idle");
    }, IDLE_MS);
    if (!idle) return;
    idle = false;
    listener("active");
  };
  for (const kind of ["pointerdown", "keydown", "wheel", "focus"]) {
    window.addEventListener(kind, active, { capture: true, passive: true });
  }
  active();
}

function notify(note: Note, words: { title: string; body: string }, open: () => void): void {
  if (!("Notification" in window) || Notification.permission !== "granted") return;
  const { title, body } = words;
  // One tag for one message: pages of the same account show it once.
  const tag = note.kind === "message" ? `${note.room}/${note.event.seq}` : "summary";
  try {
    const shown = new Notification(title, { body, tag });
    shown.onclick = () => {
      window.focus();
      shown.close();
      open();
    };
  } catch {
    // Some phones only let service workers notify.
  }
}

/** What to call this device in the list of sessions. */
function deviceName(agent: string): string {
  const browser = /Edg\//.test(agent)
    ? "Edge"
    : /Firefox\//.test(agent)
      ? "Firefox"
      : /Chrome\//.test(agent)
        ? "Chrome"
        : /Safari\//.test(agent)
          ? "Safari"
          : "Browser";
  const system = /Android|iPhone|iPad|Windows|Macintosh|Linux/.exec(agent)?.[0];
  return system === undefined ? browser : `${browser}, ${system.replace("Macintosh", "Mac")}`;
}
