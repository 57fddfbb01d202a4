/** Chooses a compact or a cosy list of messages. */
import type { Action } from "./action.ts";

export const setDensity: Action<{ readonly density: "compact" | "cosy" }> = {
  id: "set_density",
  label: "act.set_density",
  run: ({ client }, { density }) => client.account.setting("density", density),
};
