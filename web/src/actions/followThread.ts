/** Follows a thread, or stops following it. */

import type { Target } from "../sync/model.ts";
import type { Action } from "./action.ts";

export const followThread: Action<Target & { readonly on: boolean }> = {
  id: "follow_thread",
  label: "act.follow",
  run: ({ client }, { room, seq, on }) => client.threads.follow(room, seq, on),
};
