/** The connection bar in full: what the machine says, by the wall clock, with what waits and what was missed. */
import type { Millis, RoomId } from "../wire/types.ts";
import type { Bar } from "./model.ts";
import type { Instant, MachineBar } from "./reconnectWords.ts";

/** What the bar says beside the state of the connection. */
export interface BarFacts {
  /** When the device was last in sync, as far as is known from before this page. */
  readonly inSyncBefore: Millis | null;
  readonly waiting: number;
  readonly shed: readonly string[];
  /** The server serves another build of this app. */
  readonly update: boolean;
  readonly missed: {
    readonly count: number;
    readonly atLeast: boolean;
    readonly room: RoomId | null;
  };
}

/** The machine's bar with its moments by the wall clock. */
export function byWallClock(bar: MachineBar, wall: (at: Instant) => Millis): MachineBar {
  const maybe = (at: Instant | null) => (at === null ? null : wall(at));
  switch (bar.state) {
    case "reconnecting":
    case "offline":
      return { ...bar, in_sync_until_ms: maybe(bar.in_sync_until_ms) };
    case "waiting":
      return {
        ...bar,
        turn_at_ms: wall(bar.turn_at_ms),
        in_sync_until_ms: maybe(bar.in_sync_until_ms),
      };
    case "back":
      return { ...bar, since_ms: maybe(bar.since_ms) };
    default:
      return bar;
  }
}

/** What is shown; `before` if nothing differs. */
export function shownBar(bar: MachineBar, facts: BarFacts, before: Bar): Bar {
  const next = whole(bar, facts);
  return JSON.stringify(next) === JSON.stringify(before) ? before : next;
}

function whole(bar: MachineBar, facts: BarFacts): Bar {
  const { inSyncBefore, waiting, shed, missed, update } = facts;
  switch (bar.state) {
    case "live":
      // What is on its way goes first: it takes a moment, and a reload would take longer.
      return update && waiting === 0 ? { state: "reload", unsent: 0 } : { state: "live" };
    case "blip":
      return { state: bar.state };
    case "reconnecting":
    case "offline":
      return { state: bar.state, inSyncUntil: bar.in_sync_until_ms ?? inSyncBefore, waiting };
    case "waiting":
      return {
        state: "waiting",
        turnAt: bar.turn_at_ms,
        place: bar.place,
        why: bar.why,
        message: bar.message,
        later: bar.later,
        inSyncUntil: bar.in_sync_until_ms ?? inSyncBefore,
        waiting,
      };
    case "read_only":
      return { state: "read_only", waiting };
    case "partial":
      return { state: "partial", shed };
    case "back": {
      const since = bar.since_ms ?? inSyncBefore;
      return since === null
        ? { state: "back", count: 0, atLeast: false, since: 0, room: null }
        : { state: "back", since, ...missed };
    }
    case "sign_in":
      return { state: "sign_in", waiting };
    case "reload":
      return { state: "reload", unsent: waiting };
  }
}
