/** Pins a message to its room, or unpins it; the other of the two than it is, unless `on` says. */

import type { Target } from "../sync/model.ts";
import type { Action } from "./action.ts";
import { lineAt, mayWrite } from "./lookup.ts";

export const pinMessage: Action<Target & { readonly on?: boolean }> = {
  id: "pin_message",
  label: "act.pin",
  possible: ({ client }, { room }) => mayWrite(client.store.getState(), room),
  run: ({ client }, { room, seq, on }) => {
    const line = lineAt(client.store.getState(), room, seq);
    // Without `on`, what to do is known of a message on this device only.
    if (on === undefined && line?.event.kind !== "message") return;
    const pinned = line?.event.kind === "message" && line.event.pinned === true;
    client.outbox.post(room, { kind: "pin", target: seq, on: on ?? !pinned });
  },
};
