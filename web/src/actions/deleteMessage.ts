/** Takes a message back, after asking. */

import type { Target } from "../sync/model.ts";
import type { Action } from "./action.ts";
import { isOwnMessage, lineAt, moderates } from "./lookup.ts";

export const deleteMessage: Action<Target & { readonly sure?: boolean }> = {
  id: "delete_message",
  label: "act.delete",
  possible: ({ client }, { room, seq }) => {
    const state = client.store.getState();
    const line = lineAt(state, room, seq);
    if (line === null || line.event.kind !== "message" || line.event.deleted) return false;
    return isOwnMessage(state, line) || moderates(state, room);
  },
  run: ({ client }, { room, seq, sure = false }) => {
    if (!sure) {
      client.screen.dialog({ kind: "confirm", action: "delete_message", args: { room, seq } });
      return;
    }
    client.screen.dialog(null);
    client.outbox.post(room, { kind: "delete", target: seq });
  },
};
