/** Puts a reaction on a message, or takes one's own off. */

import type { Target } from "../sync/model.ts";
import type { Action } from "./action.ts";
import { lineAt, mayWrite } from "./lookup.ts";

export const react: Action<Target & { readonly emoji: string }> = {
  id: "react",
  label: "act.react",
  possible: ({ client }, { room }) => mayWrite(client.store.getState(), room),
  run: ({ client }, { room, seq, emoji }) => {
    const state = client.store.getState();
    const line = lineAt(state, room, seq);
    const me = state.me?.id;
    if (line?.event.kind !== "message" || me === undefined) return;
    const mine = line.event.reactions?.find((r) => r.emoji === emoji)?.by.includes(me) ?? false;
    client.screen.dialog(null);
    client.outbox.post(room, { kind: "react", target: seq, emoji, on: !mine });
  },
};
