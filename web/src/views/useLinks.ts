/** A click on a link into the app goes there without loading the page anew. */
import { useEffect } from "react";
import { placeAt } from "../sync/place.ts";
import { useClient } from "./useApp.ts";

/** Paths that are not the app's. */
const ELSEWHERE = /^\/(api|hooks)(\/|$)/;

export function useLinks(): void {
  const client = useClient();
  useEffect(() => {
    const clicked = (event: MouseEvent) => {
      const plain =
        event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
      const link = event.target instanceof Element ? event.target.closest("a[href]") : null;
      if (!plain || event.defaultPrevented || !(link instanceof HTMLAnchorElement)) return;
      if (link.target === "_blank" && link.origin !== window.location.origin) return;
      if (
        link.origin !== window.location.origin ||
        link.hasAttribute("download") ||
        ELSEWHERE.test(link.pathname)
      )
        return;
      if (link.getAttribute("href")?.startsWith("#")) return;
      event.preventDefault();
      const place = placeAt(link.pathname + link.hash);
      const now = client.store.getState().place;
      const again =
        place.page === "room" &&
        now.page === "room" &&
        place.room === now.room &&
        place.seq !== null;
      client.screen.go(again ? { ...place, jump: now.jump + 1 } : place);
    };
    document.addEventListener("click", clicked);
    return () => document.removeEventListener("click", clicked);
  }, [client]);
}
