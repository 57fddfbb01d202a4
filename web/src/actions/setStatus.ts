/** Says what one is doing, for others to see; empty for nothing. */
import type { Action } from "./action.ts";

export const setStatus: Action<{ readonly status: string }> = {
  id: "set_status",
  label: "act.set_status",
  run: async ({ client }, { status }) => {
    client.people.learn([await client.http.editMe({ status })]);
    client.screen.dialog(null);
  },
};
