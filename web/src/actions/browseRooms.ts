/** Shows the public rooms one may join. */
import type { Action } from "./action.ts";
import { isMember } from "./lookup.ts";

export const browseRooms: Action = {
  id: "browse_rooms",
  label: "act.browse",
  possible: ({ client }) => isMember(client.store.getState()),
  run: async ({ client }) => {
    client.screen.go({ page: "browse" });
    await client.lists.browse("");
  },
};
