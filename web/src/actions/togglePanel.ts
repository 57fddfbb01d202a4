/** Shows or hides a panel beside the room. */
import type { Action } from "./action.ts";

export const togglePanel: Action<{ readonly kind: "members" | "details" | "search" }> = {
  id: "toggle_panel",
  label: "act.toggle_panel",
  run: ({ client }, { kind }) => {
    const open = client.store.getState().panel?.kind === kind;
    client.screen.panel(open ? null : { kind });
  },
};
