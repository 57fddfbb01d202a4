/** Marks a room as read to its end. */

import type { RoomId } from "../wire/types.ts";
import type { Action } from "./action.ts";

export const markRead: Action<{ readonly room: RoomId }> = {
  id: "mark_read",
  label: "act.mark_read",
  run: ({ client }, { room }) => client.marks.readAll(room),
};
