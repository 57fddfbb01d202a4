/** Opens the choice of reactions for a message. */

import type { Target } from "../sync/model.ts";
import type { Action } from "./action.ts";
import { mayWrite } from "./lookup.ts";

export const chooseReaction: Action<Target> = {
  id: "choose_reaction",
  label: "act.react",
  keys: [{ key: "+", where: "list" }],
  possible: ({ client }, { room }) => mayWrite(client.store.getState(), room),
  run: ({ client }, { room, seq }) => client.screen.dialog({ kind: "emoji", room, seq }),
};
