/** Shows the room above in the list. */
import type { Action } from "./action.ts";
import { stepRoom } from "./stepRoom.ts";

export const previousRoom: Action = {
  id: "previous_room",
  label: "act.room_previous",
  keys: [{ key: "Alt+ArrowUp", where: "anywhere" }],
  run: ({ client }) => stepRoom(client, -1, false),
};
