/** Stops an upload, or takes a file out of a composer. */
import type { Action } from "./action.ts";

export const removeUpload: Action<{ readonly key: string }> = {
  id: "remove_upload",
  label: "act.remove_upload",
  run: ({ client }, { key }) => client.uploads.remove(key),
};
