/** Moves the focus to the message above. */
import type { Action } from "./action.ts";

export const previousLine: Action = {
  id: "previous_line",
  label: "act.line_previous",
  keys: [{ key: "k", where: "list" }],
  run: ({ page }) => page.moveFocus(-1),
};
