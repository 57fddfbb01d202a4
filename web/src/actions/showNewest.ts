/** Goes to the end of a room. */

import { roomPlace } from "../sync/place.ts";
import type { RoomId } from "../wire/types.ts";
import type { Action } from "./action.ts";

export const showNewest: Action<{ readonly room: RoomId }> = {
  id: "show_newest",
  label: "act.show_newest",
  run: ({ client }, { room }) => {
    const { place } = client.store.getState();
    client.screen.go(roomPlace(room, null, place.page === "room" ? place.jump + 1 : 0));
  },
};
