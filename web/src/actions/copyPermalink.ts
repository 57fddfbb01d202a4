/** Copies the address of a message. */

import type { Target } from "../sync/model.ts";
import { permalink } from "../sync/place.ts";
import type { Action } from "./action.ts";

export const copyPermalink: Action<Target> = {
  id: "copy_permalink",
  label: "act.copy_link",
  keys: [{ key: "c", where: "list" }],
  run: async ({ client, page }, { room, seq }) => {
    await page.copy(page.origin + permalink(room, seq));
    client.screen.notice("info", "common.copied");
  },
};
