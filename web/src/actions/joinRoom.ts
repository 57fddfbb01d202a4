/** Joins a public room and shows it. */

import { roomPlace } from "../sync/place.ts";
import type { RoomId } from "../wire/types.ts";
import type { Action } from "./action.ts";

export const joinRoom: Action<{ readonly room: RoomId }> = {
  id: "join_room",
  label: "act.join",
  run: async ({ client }, { room }) => {
    client.rooms.learn(await client.http.join(room));
    client.screen.go(roomPlace(room, null));
  },
};
