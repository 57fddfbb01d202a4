/** Sends what is in a composer. Never fails: what cannot go out now goes out later. */

import { draftKey } from "../sync/model.ts";
import type { FileRef, RoomId, Seq } from "../wire/types.ts";
import type { Action } from "./action.ts";
import { mayWrite } from "./lookup.ts";

export const sendMessage: Action<{
  readonly room: RoomId;
  readonly thread?: Seq | null;
  readonly text: string;
  readonly alsoRoom?: boolean;
  readonly files?: readonly FileRef[];
  readonly quote?: Seq | null;
}> = {
  id: "send_message",
  label: "act.send_message",
  possible: ({ client }, { room }) => mayWrite(client.store.getState(), room),
  run: ({ client }, { room, thread = null, text, alsoRoom = false, files = [], quote = null }) => {
    if (text.trim() === "" && files.length === 0) return;
    client.outbox.post(
      room,
      {
        kind: "message",
        text,
        thread,
        also_room: alsoRoom && thread !== null,
        files: files.map((file) => file.id),
        quote,
      },
      files,
    );
    client.drafts.clear(draftKey(room, thread));
    if (thread === null) client.marks.readAll(room);
  },
};
