/** Loads the page anew, with the build that the server serves. */
import type { Action } from "./action.ts";

export const reload: Action = {
  id: "reload",
  label: "act.reload",
  run: ({ page }) => page.reload(),
};
