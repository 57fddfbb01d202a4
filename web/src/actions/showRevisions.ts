/** Shows the earlier texts of a message. */

import type { Target } from "../sync/model.ts";
import type { Action } from "./action.ts";

export const showRevisions: Action<Target> = {
  id: "show_revisions",
  label: "act.history",
  run: ({ client }, { room, seq }) => client.screen.dialog({ kind: "revisions", room, seq }),
};
