/** Shows the threads one follows. */
import type { Action } from "./action.ts";

export const openInbox: Action = {
  id: "open_inbox",
  label: "act.threads",
  run: async ({ client }) => {
    client.screen.go({ page: "inbox" });
    await client.lists.inbox();
  },
};
