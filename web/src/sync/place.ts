/** Addresses: which place each path shows, and the path of each place. Pure. */
import type { RoomId, Seq } from "../wire/types.ts";
import type { Place } from "./model.ts";

/** The place that a path, with its fragment, shows. Unknown paths are home. */
export function placeAt(path: string): Place {
  const [way = "", fragment = ""] = path.split("#", 2);
  const [head = "", second = "", third = ""] = way.replace(/^\/+/, "").split("/");
  switch (head) {
    case "setup":
      return { page: "set_up" };
    case "sign-in":
      return { page: "sign_in" };
    case "invite":
      return { page: "invite", token: decode(second) || fragment };
    case "r": {
      const room = positive(second);
      if (room === null) return { page: "home" };
      return roomPlace(room, positive(third));
    }
    case "inbox":
    case "outbox":
    case "browse":
    case "people":
      return { page: head };
    case "settings":
      return { page: "settings", section: second };
    default:
      return { page: "home" };
  }
}

/** The path of a place. */
export function pathOf(place: Place): string {
  switch (place.page) {
    case "home":
      return "/";
    case "set_up":
      return "/setup";
    case "sign_in":
      return "/sign-in";
    case "invite":
      return `/invite/${encodeURIComponent(place.token)}`;
    case "room":
      return place.seq === null ? `/r/${place.room}` : permalink(place.room, place.seq);
    case "settings":
      return place.section === "" ? "/settings" : `/settings/${place.section}`;
    default:
      return `/${place.page}`;
  }
}

/** The path that opens a room around one message. */
export function permalink(room: RoomId, seq: Seq): string {
  return `/r/${room}/${seq}`;
}

export function roomPlace(room: RoomId, seq: Seq | null, jump = 0): Place {
  return { page: "room", room, seq, jump, tab: "chat" };
}

function positive(text: string): number | null {
  const n = Number(text);
  return /^\d+$/.test(text) && Number.isSafeInteger(n) && n > 0 ? n : null;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
