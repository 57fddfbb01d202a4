/** Changes one's password. */
import type { Action } from "./action.ts";

export const changePassword: Action<{ readonly current?: string; readonly password: string }> = {
  id: "change_password",
  label: "act.change_password",
  run: async ({ client }, passwords) => {
    await client.http.changePassword(passwords);
    client.screen.notice("info", "common.saved");
  },
};
