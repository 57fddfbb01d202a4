/** Starts to send files for a composer. Files over the limit are refused before a byte is sent. */

import { draftKey } from "../sync/model.ts";
import type { RoomId, Seq } from "../wire/types.ts";
import type { Action } from "./action.ts";
import { mayWrite } from "./lookup.ts";

export const uploadFiles: Action<{
  readonly room: RoomId;
  readonly thread?: Seq | null;
  readonly files: readonly File[];
}> = {
  id: "upload_files",
  label: "act.upload_files",
  possible: ({ client }, { room }) => mayWrite(client.store.getState(), room),
  run: ({ client }, { room, thread = null, files }) => {
    for (const file of files) client.uploads.add(draftKey(room, thread), file);
  },
};
