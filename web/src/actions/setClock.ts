/** Chooses how times are written: 14:03 or 2:03 pm. */
import type { Action } from "./action.ts";

export const setClock: Action<{ readonly clock: "24" | "12" }> = {
  id: "set_clock",
  label: "settings.clock",
  run: ({ client }, { clock }) => client.account.setting("clock", clock),
};
