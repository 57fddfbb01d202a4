/** Gives up on a message that was refused. */

import type { Nonce } from "../wire/types.ts";
import type { Action } from "./action.ts";

export const discardFailed: Action<{ readonly nonce: Nonce }> = {
  id: "discard_failed",
  label: "act.discard",
  run: ({ client }, { nonce }) => client.outbox.discard(nonce),
};
