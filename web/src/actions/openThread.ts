/** Shows the thread of a message beside the room. */

import type { Target } from "../sync/model.ts";
import type { Action } from "./action.ts";
import { lineAt } from "./lookup.ts";

export const openThread: Action<Target> = {
  id: "open_thread",
  label: "act.reply",
  keys: [{ key: "t", where: "list" }],
  run: ({ client }, { room, seq }) => {
    const line = lineAt(client.store.getState(), room, seq);
    const root = line?.event.kind === "message" ? (line.event.thread ?? seq) : seq;
    client.screen.panel({ kind: "thread", room, root });
  },
};
