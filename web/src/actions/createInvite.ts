/** Makes an invite link; it is shown once, in the list of invites. */

import type { Role, RoomId } from "../wire/types.ts";
import type { Action } from "./action.ts";

export const createInvite: Action<{
  readonly role: Role;
  readonly rooms?: readonly RoomId[];
  readonly uses?: number;
  readonly expiresInMs?: number;
}> = {
  id: "create_invite",
  label: "act.create_invite",
  run: async ({ client, page }, { role, rooms, uses, expiresInMs }) => {
    const invite = await client.http.createInvite({
      role,
      rooms,
      uses,
      expires_in_ms: expiresInMs,
    });
    client.lists.madeInvite(invite, page.origin);
  },
};
