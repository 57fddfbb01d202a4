/** Chooses light, dark or what the system has. */
import type { Action } from "./action.ts";

export const setTheme: Action<{ readonly theme: "light" | "dark" | "system" }> = {
  id: "set_theme",
  label: "act.set_theme",
  run: ({ client }, { theme }) => client.account.setting("theme", theme),
};
