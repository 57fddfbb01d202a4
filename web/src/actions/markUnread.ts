/** Marks everything from a message on as unread, on every device. */

import type { Target } from "../sync/model.ts";
import type { Action } from "./action.ts";

export const markUnread: Action<Target> = {
  id: "mark_unread",
  label: "act.mark_unread",
  keys: [{ key: "u", where: "list" }],
  run: ({ client }, { room, seq }) => client.marks.unreadFrom(room, seq),
};
