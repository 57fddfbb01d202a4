/** Says what a room is about. */

import type { RoomId } from "../wire/types.ts";
import type { Action } from "./action.ts";
import { moderates } from "./lookup.ts";

export const setTopic: Action<{ readonly room: RoomId; readonly topic: string }> = {
  id: "set_topic",
  label: "act.set_topic",
  possible: ({ client }, { room }) => moderates(client.store.getState(), room),
  run: async ({ client }, { room, topic }) => {
    await client.http.editRoom(room, { topic });
  },
};
