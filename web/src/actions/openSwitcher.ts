/** Opens the switcher: rooms, people and actions by name. */
import type { Action } from "./action.ts";

export const openSwitcher: Action = {
  id: "open_switcher",
  label: "act.switch",
  keys: [{ key: "Mod+K", where: "anywhere" }],
  run: ({ client }) => client.screen.dialog({ kind: "switcher" }),
};
