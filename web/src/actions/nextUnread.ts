/** Shows the next room with something unread. */
import type { Action } from "./action.ts";
import { stepRoom } from "./stepRoom.ts";

export const nextUnread: Action = {
  id: "next_unread",
  label: "act.unread_next",
  keys: [{ key: "Alt+Shift+ArrowDown", where: "anywhere" }],
  run: ({ client }) => stepRoom(client, 1, true),
};
