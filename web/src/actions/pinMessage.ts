/** Pins a message to its room, or unpins it. */

import type { Target } from "../sync/model.ts";
import type { Action } from "./action.ts";
import { lineAt, mayWrite } from "./lookup.ts";

export const pinMessage: Action<Target> = {
  id: "pin_message",
  label: "act.pin",
  possible: ({ client }, { room }) => mayWrite(client.store.getState(), room),
  run: ({ client }, { room, seq }) => {
    const line = lineAt(client.store.getState(), room, seq);
    if (line?.event.kind !== "message") return;
    client.outbox.post(room, { kind: "pin", target: seq, on: line.event.pinned !== true });
  },
};
