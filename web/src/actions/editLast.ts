/** Opens one's own last message for changing. */

import type { RoomId, Seq } from "../wire/types.ts";
import type { Action } from "./action.ts";
import { lastOwn } from "./lookup.ts";

export const editLast: Action<{ readonly room: RoomId; readonly thread?: Seq | null }> = {
  id: "edit_last",
  label: "act.edit_last",
  keys: [{ key: "ArrowUp", where: "composer" }],
  possible: ({ client }, { room, thread = null }) =>
    lastOwn(client.store.getState(), room, thread) !== null,
  run: ({ client }, { room, thread = null }) => {
    const line = lastOwn(client.store.getState(), room, thread);
    if (line !== null) client.screen.edit({ room, seq: line.event.seq });
  },
};
