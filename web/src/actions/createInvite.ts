/** Makes an invite link; it is shown once, in the list of invites. */

import type { Role, RoomId } from "../wire/types.ts";
import type { Action } from "./action.ts";

export const createInvite: Action<{
  readonly role: Role;
  readonly rooms?: readonly RoomId[];
  readonly usesMax?: number;
  readonly hours?: number;
  readonly note?: string;
}> = {
  id: "create_invite",
  label: "act.create_invite",
  run: async ({ client, page }, { role, rooms, usesMax, hours, note }) => {
    const made = await client.http.createInvite({
      role,
      rooms,
      uses_max: usesMax,
      hours,
      note,
    });
    client.lists.madeInvite(made, page.origin);
  },
};
