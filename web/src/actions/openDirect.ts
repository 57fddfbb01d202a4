/** Shows the direct room with these people; it is made if there is none. */

import { roomPlace } from "../sync/place.ts";
import type { AccountId } from "../wire/types.ts";
import type { Action } from "./action.ts";

export const openDirect: Action<{ readonly people: readonly AccountId[] }> = {
  id: "open_direct",
  label: "act.new_direct",
  run: async ({ client }, { people }) => {
    const room = await client.http.directRoom(people);
    client.screen.dialog(null);
    client.rooms.learn(room);
    client.screen.go(roomPlace(room.id, null));
  },
};
