/** Searches all rooms and shows what was found beside the room. */
import type { Action } from "./action.ts";

export const search: Action<{ readonly query: string }> = {
  id: "search",
  label: "act.search",
  run: async ({ client }, { query }) => {
    client.screen.panel({ kind: "search" });
    if (query.trim() === "") client.lists.endSearch();
    else await client.lists.search(query);
  },
};
