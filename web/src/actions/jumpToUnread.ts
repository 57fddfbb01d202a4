/** Shows the first message of a room that is not read. */

import { roomPlace } from "../sync/place.ts";
import type { RoomId } from "../wire/types.ts";
import type { Action } from "./action.ts";

export const jumpToUnread: Action<{ readonly room: RoomId }> = {
  id: "jump_to_unread",
  label: "act.jump_to_unread",
  possible: ({ client }, { room }) => client.store.getState().rooms.get(room)?.unread.bold === true,
  run: ({ client }, { room }) => {
    const { place, rooms } = client.store.getState();
    const read = rooms.get(room);
    if (read === undefined) return;
    const jump = place.page === "room" ? place.jump + 1 : 0;
    client.screen.go(roomPlace(room, read.unread.first ?? read.summary.read + 1, jump));
  },
};
