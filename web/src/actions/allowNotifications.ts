/** Asks the browser to let this page notify. */
import type { Action } from "./action.ts";

export const allowNotifications: Action = {
  id: "allow_notifications",
  label: "act.allow_notifications",
  possible: ({ client }) => client.notifications.permission() === "default",
  run: ({ client }) => client.notifications.ask(),
};
