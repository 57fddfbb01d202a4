/** Runs a slash command on the server and says or shows what came of it. */

import { draftKey } from "../sync/model.ts";
import { newNonce } from "../sync/nonce.ts";
import { roomPlace } from "../sync/place.ts";
import type { RoomId } from "../wire/types.ts";
import type { Action } from "./action.ts";

export const runCommand: Action<{ readonly room: RoomId; readonly text: string }> = {
  id: "run_command",
  label: "act.run_command",
  run: async ({ client }, { room, text }) => {
    const answer = await client.http.command(room, newNonce(), text);
    client.drafts.clear(draftKey(room));
    if (answer?.room !== undefined) client.screen.go(roomPlace(answer.room, null));
    if (answer?.text) client.screen.notice("answer", "notice.said", { text: answer.text });
  },
};
