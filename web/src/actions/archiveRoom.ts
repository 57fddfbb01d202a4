/** Keeps a room for reading only, or opens it again. */

import type { RoomId } from "../wire/types.ts";
import type { Action } from "./action.ts";
import { moderates } from "./lookup.ts";

export const archiveRoom: Action<{ readonly room: RoomId; readonly on: boolean }> = {
  id: "archive_room",
  label: "act.archive_room",
  possible: ({ client }, { room }) => moderates(client.store.getState(), room),
  run: async ({ client }, { room, on }) => {
    await client.http.editRoom(room, { archived: on });
  },
};
