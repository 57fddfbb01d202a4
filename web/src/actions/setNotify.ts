/** Chooses what a room may notify about: everything, mentions, nothing. */

import type { Notify, RoomId } from "../wire/types.ts";
import type { Action } from "./action.ts";

export const setNotify: Action<{ readonly room: RoomId; readonly notify: Notify }> = {
  id: "set_notify",
  label: "act.set_notify",
  run: ({ client }, { room, notify }) => client.account.roomSettings(room, { notify }),
};
