/** Opens the text of one's own message for changing. */

import type { Target } from "../sync/model.ts";
import type { Action } from "./action.ts";
import { isOwnMessage, lineAt } from "./lookup.ts";

export const startEdit: Action<Target> = {
  id: "start_edit",
  label: "act.edit",
  keys: [{ key: "e", where: "list" }],
  possible: ({ client }, { room, seq }) => {
    const state = client.store.getState();
    const line = lineAt(state, room, seq);
    return line !== null && line.state === "stored" && isOwnMessage(state, line);
  },
  run: ({ client }, target) => client.screen.edit(target),
};
