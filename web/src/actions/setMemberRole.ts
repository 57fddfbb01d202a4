/** Lets somebody moderate a room, mutes them, or makes them a plain member. */

import type { AccountId, MemberRole, RoomId } from "../wire/types.ts";
import type { Action } from "./action.ts";
import { moderates } from "./lookup.ts";

export const setMemberRole: Action<{
  readonly room: RoomId;
  readonly who: AccountId;
  readonly role: MemberRole;
}> = {
  id: "set_member_role",
  label: "act.set_member_role",
  possible: ({ client }, { room }) => moderates(client.store.getState(), room),
  run: ({ client }, { room, who, role }) => client.http.putMember(room, who, role),
};
