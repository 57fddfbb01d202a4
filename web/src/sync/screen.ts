/**
 * What is on the screen: the place, which is also the address, the panel beside it, the dialog above
 * it, and what is said in passing.
 */
import type { ScreenVerbs } from "./client.ts";
import type { Place, State } from "./model.ts";
import { pathOf, placeAt } from "./place.ts";
import type { Store } from "./store.ts";
import type { PageWorld } from "./world.ts";

export interface ScreenWorld {
  readonly store: Store<State>;
  readonly page: PageWorld;
  readonly timer: (run: () => void, ms: number) => () => void;
  /** Another place, or another panel, is on the screen. */
  readonly moved: (state: State) => void;
}

/** Long enough to read a sentence twice. */
const NOTICE_MS = 6_000;
/** More than this at once is a wall, not a notice. */
const NOTICES_MAX = 4;

export function makeScreen({ store, page, timer, moved }: ScreenWorld): ScreenVerbs {
  let notices = 0;
  const put = (change: Partial<State>) => {
    store.set(change);
    moved(store.getState());
  };
  const dismiss = (id: number) => {
    store.set({ notices: store.getState().notices.filter((notice) => notice.id !== id) });
  };
  page.onPath(() => put({ place: placeAt(page.path()), dialog: null, editing: null }));
  return {
    go: (place: Place) => {
      const before = store.getState().place;
      if (pathOf(place) !== pathOf(before)) page.push(pathOf(place));
      const leaves = place.page !== "room" || before.page !== "room" || place.room !== before.room;
      put({
        place,
        dialog: null,
        editing: null,
        ...(leaves && store.getState().panel?.kind !== "search" ? { panel: null } : {}),
      });
    },
    panel: (panel) => put({ panel }),
    dialog: (dialog) => store.set({ dialog }),
    edit: (editing) => store.set({ editing }),
    notice: (tone, key, values = {}) => {
      const id = ++notices;
      const notice = { id, tone, key, values };
      store.set({ notices: [...store.getState().notices, notice].slice(-NOTICES_MAX) });
      // What was asked for is read for as long as it takes.
      if (tone !== "answer") timer(() => dismiss(id), NOTICE_MS);
    },
    dismiss,
  };
}
