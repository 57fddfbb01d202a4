/** Goes on with an upload that failed, from where it stopped. */
import type { Action } from "./action.ts";

export const retryUpload: Action<{ readonly key: string }> = {
  id: "retry_upload",
  label: "act.retry_upload",
  run: ({ client }, { key }) => client.uploads.retry(key),
};
