/** Shows a room, at its newest message or at a given one. */

import { roomPlace } from "../sync/place.ts";
import type { RoomId, Seq } from "../wire/types.ts";
import type { Action } from "./action.ts";

export const openRoom: Action<{ readonly room: RoomId; readonly seq?: Seq }> = {
  id: "open_room",
  label: "act.open_room",
  run: ({ client }, { room, seq }) => {
    const { place } = client.store.getState();
    const jump = place.page === "room" && place.room === room ? place.jump + 1 : 0;
    client.screen.go(roomPlace(room, seq ?? null, jump));
  },
};
