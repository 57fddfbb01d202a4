/** Answers a message with a quotation of it, in the composer of its room. */

import type { Target } from "../sync/model.ts";
import { draftKey } from "../sync/model.ts";
import type { Action } from "./action.ts";
import { mayWrite } from "./lookup.ts";

export const quoteMessage: Action<Target> = {
  id: "quote_message",
  label: "act.quote",
  keys: [{ key: "r", where: "list" }],
  possible: ({ client }, { room }) => mayWrite(client.store.getState(), room),
  run: ({ client }, { room, seq }) => client.drafts.write(draftKey(room), { quote: seq }),
};
