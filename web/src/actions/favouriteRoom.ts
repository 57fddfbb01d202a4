/** Keeps a room at the top of the list, or not. */

import type { RoomId } from "../wire/types.ts";
import type { Action } from "./action.ts";

export const favouriteRoom: Action<{ readonly room: RoomId; readonly on: boolean }> = {
  id: "favourite_room",
  label: "act.favourite_room",
  run: ({ client }, { room, on }) => client.account.roomSettings(room, { favourite: on }),
};
