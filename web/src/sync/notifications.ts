/**
 * When to tell a person who is not looking: by the setting of the room, never while they do not want to
 * be disturbed, and after a reconnect once for everything.
 */
import type { Event, Millis, RoomId, RoomSummary, Seq } from "../wire/types.ts";
import { isForMe } from "./marks.ts";

/** Something to show outside of the page. */
export type Note =
  | { readonly kind: "message"; readonly room: RoomId; readonly event: Event }
  | { readonly kind: "summary"; readonly count: number; readonly room: RoomId | null };

export interface NotificationsWorld {
  readonly me: number;
  readonly now: () => Millis;
  /** Until when the person does not want to be disturbed; 0: they may be. */
  readonly quietUntil: () => Millis;
  /** The person is looking at this room. */
  readonly looksAt: (room: RoomId) => boolean;
  readonly show: (note: Note) => void;
}

export class Notifications {
  readonly #world: NotificationsWorld;
  #missed = 0;
  #missedIn: RoomId | null = null;
  /** Told already, by room: frames may be repeated. */
  readonly #told = new Map<RoomId, Seq>();

  constructor(world: NotificationsWorld) {
    this.#world = world;
  }

  heard(summary: RoomSummary, event: Event, live: boolean): void {
    if (!this.#wanted(summary, event)) return;
    if ((this.#told.get(summary.id) ?? 0) >= event.seq || event.seq <= summary.read) return;
    this.#told.set(summary.id, event.seq);
    if (this.#world.looksAt(summary.id)) return;
    if (live) {
      this.#world.show({ kind: "message", room: summary.id, event });
    } else {
      this.#missed++;
      this.#missedIn ??= summary.id;
    }
  }

  /** All that was missed has come: one note for all of it. */
  caughtUp(): void {
    if (this.#missed > 0) {
      this.#world.show({ kind: "summary", count: this.#missed, room: this.#missedIn });
    }
    this.#missed = 0;
    this.#missedIn = null;
  }

  #wanted(summary: RoomSummary, event: Event): boolean {
    if (this.#world.quietUntil() > this.#world.now()) return false;
    switch (summary.notify) {
      case "all":
        return event.kind === "message";
      case "mentions":
        return isForMe(event, summary, this.#world.me);
      case "none":
        return false;
    }
  }
}
