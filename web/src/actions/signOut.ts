/** Signs out and forgets what is kept on this device; asks first where something is unsent. */
import type { Action } from "./action.ts";

export const signOut: Action<{ readonly sure?: boolean }> = {
  id: "sign_out",
  label: "act.sign_out",
  run: async ({ client }, { sure = false }) => {
    if (!sure && client.store.getState().outbox.length > 0) {
      client.screen.dialog({ kind: "confirm", action: "sign_out", args: {} });
      return;
    }
    client.screen.dialog(null);
    await client.account.signOut();
  },
};
