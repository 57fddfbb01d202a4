/** Asks to be let in again at once. */
import type { Action } from "./action.ts";

export const tryNow: Action = {
  id: "try_now",
  label: "act.try_now",
  run: ({ client }) => client.connection.tryNow(),
};
