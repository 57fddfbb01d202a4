/** Nothing chosen yet: on a wide screen, goes to the room that wants one most; on a phone, the rail stands alone. */
import { useEffect } from "react";
import { t } from "../../i18n/t.ts";
import { roomPlace } from "../../sync/place.ts";
import { Mark } from "../auth/AuthFrame.tsx";
import { useClient, useStore } from "../useApp.ts";

/** The width from which rail and room stand side by side; the style sheet has the same number. */
const WIDE = "(min-width: 720px)";

export function HomePage() {
  const client = useClient();
  const first = useStore(
    (state) =>
      state.sections.favourite[0] ?? state.sections.rooms[0] ?? state.sections.direct[0] ?? null,
  );
  useEffect(() => {
    if (first !== null && window.matchMedia(WIDE).matches) client.screen.go(roomPlace(first, null));
  }, [client, first]);
  return (
    <div className="empty-page">
      <Mark />
      <p className="quiet">{t(first === null ? "rail.no_rooms" : "room.none_chosen")}</p>
    </div>
  );
}
