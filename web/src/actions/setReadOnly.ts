/** Lets only moderators write in a room, or everybody again. */

import type { RoomId } from "../wire/types.ts";
import type { Action } from "./action.ts";
import { moderates } from "./lookup.ts";

export const setReadOnly: Action<{ readonly room: RoomId; readonly on: boolean }> = {
  id: "set_read_only",
  label: "act.set_read_only",
  possible: ({ client }, { room }) => moderates(client.store.getState(), room),
  run: async ({ client }, { room, on }) => {
    await client.http.editRoom(room, { read_only: on });
  },
};
