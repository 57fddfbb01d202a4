/** Signs another device out. */

import type { SessionId } from "../wire/types.ts";
import type { Action } from "./action.ts";

export const endSession: Action<{ readonly id: SessionId }> = {
  id: "end_session",
  label: "act.end_session",
  run: async ({ client }, { id }) => {
    await client.http.endSession(id);
    await client.lists.sessions();
  },
};
