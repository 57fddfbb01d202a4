/** Changes one's password. */
import type { Action } from "./action.ts";

export const changePassword: Action<{ readonly old: string; readonly new: string }> = {
  id: "change_password",
  label: "act.change_password",
  run: ({ client }, passwords) => client.http.changePassword(passwords),
};
