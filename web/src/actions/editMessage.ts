/** Gives one's own message another text; an empty text deletes it. */

import type { Target } from "../sync/model.ts";
import type { Action } from "./action.ts";
import { lineAt } from "./lookup.ts";

export const editMessage: Action<Target & { readonly text: string }> = {
  id: "edit_message",
  label: "act.edit_message",
  run: ({ client }, { room, seq, text }) => {
    const line = lineAt(client.store.getState(), room, seq);
    client.screen.edit(null);
    if (line?.event.kind !== "message" || line.event.text === text) return;
    const empty = text.trim() === "" && (line.event.files ?? []).length === 0;
    client.outbox.post(
      room,
      empty ? { kind: "delete", target: seq } : { kind: "edit", target: seq, text },
    );
  },
};
