/** Screens too narrow for room and panel side by side: the panel covers the room, and “back” uncovers it. */
import { useEffect } from "react";
import { useClient } from "./useApp.ts";

/** The style sheet has the same number. */
const NARROW = "(max-width: 960px)";

export function isNarrow(): boolean {
  return window.matchMedia(NARROW).matches;
}

/** Gives a panel that covers the room a step in the history of its own. */
export function useBackClosesPanel(open: boolean): void {
  const client = useClient();
  useEffect(() => {
    if (!open || !isNarrow()) return;
    const { pathname } = window.location;
    window.history.pushState({ panel: true }, "");
    const back = () => client.screen.panel(null);
    window.addEventListener("popstate", back);
    return () => {
      window.removeEventListener("popstate", back);
      // Closed in another way: the step goes too, unless one has gone on to another place.
      const here = (window.history.state as { panel?: boolean } | null)?.panel === true;
      if (here && window.location.pathname === pathname) window.history.back();
    };
  }, [client, open]);
}
