/** Shows the room before with something unread. */
import type { Action } from "./action.ts";
import { stepRoom } from "./stepRoom.ts";

export const previousUnread: Action = {
  id: "previous_unread",
  label: "act.unread_previous",
  keys: [{ key: "Alt+Shift+ArrowUp", where: "anywhere" }],
  run: ({ client }) => stepRoom(client, -1, true),
};
