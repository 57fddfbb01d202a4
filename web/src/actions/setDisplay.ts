/** Changes the name that others see. */
import type { Action } from "./action.ts";

export const setDisplay: Action<{ readonly display: string }> = {
  id: "set_display",
  label: "act.set_display",
  run: async ({ client }, { display }) => {
    client.people.learn([await client.http.editMe({ display })]);
  },
};
