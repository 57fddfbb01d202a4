/** Moves up or down the list of rooms, as it is shown. */
import type { Client } from "../sync/client.ts";
import { roomPlace } from "../sync/place.ts";

/** Shows the next room in a direction, round the end; with `unread`, the next one that is bold. */
export function stepRoom(client: Client, step: 1 | -1, unread: boolean): void {
  const { sections, rooms, place } = client.store.getState();
  const shown = [...sections.favourite, ...sections.rooms, ...sections.direct];
  const here = place.page === "room" ? shown.indexOf(place.room) : -1;
  const start = here === -1 && step === -1 ? shown.length : here;
  for (let i = 1; i <= shown.length; i++) {
    const index = (((start + step * i) % shown.length) + shown.length) % shown.length;
    const room = shown[index];
    if (room === undefined || index === here) continue;
    if (unread && rooms.get(room)?.unread.bold !== true) continue;
    client.screen.go(roomPlace(room, null));
    return;
  }
}
