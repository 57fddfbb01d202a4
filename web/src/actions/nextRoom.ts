/** Shows the room below in the list. */
import type { Action } from "./action.ts";
import { stepRoom } from "./stepRoom.ts";

export const nextRoom: Action = {
  id: "next_room",
  label: "act.room_next",
  keys: [{ key: "Alt+ArrowDown", where: "anywhere" }],
  run: ({ client }) => stepRoom(client, 1, false),
};
