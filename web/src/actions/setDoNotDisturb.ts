/** Stops notifications until a time, or allows them again. */

import type { Millis } from "../wire/types.ts";
import type { Action } from "./action.ts";

export const setDoNotDisturb: Action<{ readonly until: Millis | null }> = {
  id: "set_do_not_disturb",
  label: "act.set_do_not_disturb",
  run: ({ client }, { until }) =>
    client.account.setting("do_not_disturb", until === null ? "" : String(until)),
};
