/** Closes what is open, the innermost first; with nothing open, marks the room as read. */
import type { Action } from "./action.ts";

export const closeOrRead: Action = {
  id: "close_or_read",
  label: "act.escape",
  keys: [{ key: "Escape", where: "anywhere" }],
  run: ({ client }) => {
    const state = client.store.getState();
    if (state.dialog !== null) client.screen.dialog(null);
    else if (state.editing !== null) client.screen.edit(null);
    else if (state.panel !== null) client.screen.panel(null);
    else if (state.place.page === "room") client.marks.readAll(state.place.room);
  },
};
