/** Makes the owner's account on a fresh workspace. */

import type { AccountVerbs } from "../sync/client.ts";
import type { Action } from "./action.ts";

export const setUp: Action<Parameters<AccountVerbs["setUp"]>[0]> = {
  id: "set_up",
  label: "act.set_up",
  run: ({ client }, of) => client.account.setUp(of),
};
