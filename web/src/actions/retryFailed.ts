/** Sends a message again that was refused. */

import type { Nonce } from "../wire/types.ts";
import type { Action } from "./action.ts";

export const retryFailed: Action<{ readonly nonce: Nonce }> = {
  id: "retry_failed",
  label: "act.retry",
  run: ({ client }, { nonce }) => client.outbox.retry(nonce),
};
