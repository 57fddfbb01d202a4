/** Makes an invite link worthless. */
import type { Action } from "./action.ts";

export const revokeInvite: Action<{ readonly id: number }> = {
  id: "revoke_invite",
  label: "act.revoke_invite",
  run: async ({ client }, { id }) => {
    await client.http.revokeInvite(id);
    await client.lists.invites();
  },
};
