/** Signs in by name and password. */
import type { Action } from "./action.ts";

export const signIn: Action<{ readonly name: string; readonly password: string }> = {
  id: "sign_in",
  label: "act.sign_in",
  run: ({ client }, { name, password }) => client.account.signIn(name, password),
};
