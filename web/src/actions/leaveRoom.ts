/** Leaves a room, after asking. */

import type { RoomId } from "../wire/types.ts";
import type { Action } from "./action.ts";

export const leaveRoom: Action<{ readonly room: RoomId; readonly sure?: boolean }> = {
  id: "leave_room",
  label: "act.leave",
  possible: ({ client }, { room }) =>
    client.store.getState().rooms.get(room)?.summary.room_kind !== "direct",
  run: async ({ client }, { room, sure = false }) => {
    if (!sure) {
      client.screen.dialog({ kind: "confirm", action: "leave_room", args: { room } });
      return;
    }
    client.screen.dialog(null);
    await client.http.leave(room);
    client.rooms.forget(room);
    client.screen.go({ page: "home" });
  },
};
