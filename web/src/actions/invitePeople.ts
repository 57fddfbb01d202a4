/** Brings people of the workspace into a room. */

import type { AccountId, RoomId } from "../wire/types.ts";
import type { Action } from "./action.ts";
import { mayWrite } from "./lookup.ts";

export const invitePeople: Action<{
  readonly room: RoomId;
  readonly people: readonly AccountId[];
}> = {
  id: "invite_people",
  label: "act.invite_people",
  possible: ({ client }, { room }) =>
    mayWrite(client.store.getState(), room) &&
    client.store.getState().rooms.get(room)?.summary.room_kind !== "direct",
  run: async ({ client }, { room, people }) => {
    for (const who of people) await client.http.putMember(room, who);
    client.screen.dialog(null);
  },
};
