/** Creates a public or private room and shows it. */

import { roomPlace } from "../sync/place.ts";
import type { AccountId } from "../wire/types.ts";
import type { Action } from "./action.ts";
import { isMember } from "./lookup.ts";

export const createRoom: Action<{
  readonly kind: "public" | "private";
  readonly name: string;
  readonly topic?: string;
  readonly members?: readonly AccountId[];
}> = {
  id: "create_room",
  label: "act.create_room",
  possible: ({ client }) => isMember(client.store.getState()),
  run: async ({ client }, of) => {
    const room = await client.http.createRoom(of);
    client.screen.dialog(null);
    client.rooms.learn(room);
    client.screen.go(roomPlace(room.id, null));
  },
};
