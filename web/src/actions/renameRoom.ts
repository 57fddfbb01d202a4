/** Gives a room another name. */

import type { RoomId } from "../wire/types.ts";
import type { Action } from "./action.ts";
import { moderates } from "./lookup.ts";

export const renameRoom: Action<{ readonly room: RoomId; readonly name: string }> = {
  id: "rename_room",
  label: "act.rename_room",
  possible: ({ client }, { room }) => moderates(client.store.getState(), room),
  run: async ({ client }, { room, name }) => {
    await client.http.editRoom(room, { name });
  },
};
