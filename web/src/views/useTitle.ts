/** The title of the page: where one is, and how much wants one. */
import { useEffect } from "react";
import { t } from "../i18n/t.ts";
import { useStore } from "./useApp.ts";

export function useTitle(): void {
  const workspace = useStore((state) => state.workspace?.name ?? t("app.name"));
  const attention = useStore((state) => state.attention);
  const place = useStore((state) => state.place);
  const room = useStore((state) =>
    state.place.page === "room" ? state.rooms.get(state.place.room) : undefined,
  );
  useEffect(() => {
    const named =
      room === undefined
        ? null
        : room.summary.room_kind === "direct"
          ? room.title
          : `#${room.title}`;
    const title = named ?? pageTitle(place.page);
    document.title =
      attention.count > 0
        ? t("app.title_unread", { count: attention.count, title, workspace })
        : t("app.title", { title: attention.bold ? `• ${title}` : title, workspace });
  }, [workspace, attention, place, room]);
}

function pageTitle(page: string): string {
  switch (page) {
    case "inbox":
      return t("rail.inbox");
    case "outbox":
      return t("failed.title");
    case "browse":
      return t("browse.title");
    case "people":
      return t("people.title");
    case "settings":
      return t("settings.title");
    default:
      return t("app.name");
  }
}
