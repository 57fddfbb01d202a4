/** Removes somebody from a room, for good or not, after asking. */

import type { AccountId, RoomId } from "../wire/types.ts";
import type { Action } from "./action.ts";
import { moderates } from "./lookup.ts";

export const removeMember: Action<{
  readonly room: RoomId;
  readonly who: AccountId;
  readonly ban?: boolean;
  readonly sure?: boolean;
}> = {
  id: "remove_member",
  label: "act.remove_member",
  possible: ({ client }, { room }) => moderates(client.store.getState(), room),
  run: async ({ client }, { room, who, ban = false, sure = false }) => {
    if (!sure) {
      client.screen.dialog({ kind: "confirm", action: "remove_member", args: { room, who, ban } });
      return;
    }
    client.screen.dialog(null);
    await client.http.removeMember(room, who, ban);
  },
};
