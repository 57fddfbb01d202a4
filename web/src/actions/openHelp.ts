/** Shows every key and what it does. */
import type { Action } from "./action.ts";

export const openHelp: Action = {
  id: "open_help",
  label: "act.help",
  keys: [{ key: "?", where: "anywhere" }],
  run: ({ client }) => client.screen.dialog({ kind: "help" }),
};
