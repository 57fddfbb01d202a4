/** Moves the focus to the message below. */
import type { Action } from "./action.ts";

export const nextLine: Action = {
  id: "next_line",
  label: "act.line_next",
  keys: [{ key: "j", where: "list" }],
  run: ({ page }) => page.moveFocus(1),
};
