/**
 * What the connection bar says, from one truth: the state of the connection and the last moment in
 * sync. The other half of `reconnect.ts`, and of `reconnect/bar.rs` in the server's core.
 */
import type { Code, Then } from "../wire/types.ts";
import type { Turn } from "./reconnectTurn.ts";
import type { Connection, Instant, MachineBar } from "./reconnectWords.ts";

/** For so long, a lost connection is nobody's business. */
const BLIP_MS = 3_000;
/** For so long, being back is news. */
const BACK_MS = 4_000;

/** What to say about a refusal that waiting does not mend. */
export function barOfRefusal(code: Code, then: Then): MachineBar {
  return then === "sign_in" || code === "banned"
    ? { state: "sign_in", code }
    : { state: "reload", code };
}

export class BarFacts {
  inSyncUntil: Instant | null = null;
  shed = false;
  paused = false;
  /** What was last said. */
  shown: MachineBar | null = null;
  #lostAt: Instant = 0;
  /** The loss has been shown since. */
  #noticed = false;
  #backUntil: Instant | null = null;

  /** The connection is lost, or wanted and not there yet. */
  lost(now: Instant): void {
    this.#lostAt = now;
    this.#noticed = false;
    this.#backUntil = null;
  }

  /** The server will say anew what is shed and whether it can write. */
  welcomed(): void {
    this.shed = false;
    this.paused = false;
  }

  /** In sync. */
  found(now: Instant): void {
    this.#backUntil = this.#noticed ? now + BACK_MS : null;
  }

  /** When the bar changes by itself. */
  deadline(): Instant | null {
    if (this.shown?.state === "blip") return this.#lostAt + BLIP_MS;
    if (this.shown?.state === "back") return this.#backUntil;
    return null;
  }

  /** What to say; nothing when stopped. */
  of(now: Instant, connection: Connection, turn: Turn, online: boolean): MachineBar | null {
    if (connection.name === "stopped") {
      this.shown = null;
      return null;
    }
    if (connection.name === "live" && connection.caughtUp) return this.#inSync(now);
    const bar = this.#outOfSync(now, connection, turn, online);
    if (bar.state !== "blip") this.#noticed = true;
    return bar;
  }

  #outOfSync(now: Instant, connection: Connection, turn: Turn, online: boolean): MachineBar {
    if (connection.name === "refused") return connection.bar;
    if (!online && connection.name !== "live") {
      return { state: "offline", in_sync_until_ms: this.inSyncUntil };
    }
    if (connection.name === "idle") {
      return connection.at !== null && connection.turn
        ? this.#turn(now, connection.at, turn)
        : this.#sinceLost(now);
    }
    if (connection.name === "greeting" && connection.parked !== null) {
      return this.#waiting(connection.parked.turnAt, connection.parked.place, turn);
    }
    // Kept on show while the turn is taken, so that the bar does not flicker.
    return this.shown?.state === "waiting" ? this.shown : this.#sinceLost(now);
  }

  #inSync(now: Instant): MachineBar {
    if (this.#backUntil !== null && now < this.#backUntil) {
      return { state: "back", since_ms: this.inSyncUntil };
    }
    if (this.paused) return { state: "read_only" };
    return this.shed ? { state: "partial" } : { state: "live" };
  }

  #sinceLost(now: Instant): MachineBar {
    return now < this.#lostAt + BLIP_MS
      ? { state: "blip" }
      : { state: "reconnecting", in_sync_until_ms: this.inSyncUntil };
  }

  #turn(now: Instant, turnAt: Instant, turn: Turn): MachineBar {
    const blipEnds = this.#lostAt + BLIP_MS;
    const soon = now < blipEnds && turnAt <= blipEnds;
    return soon ? { state: "blip" } : this.#waiting(turnAt, null, turn);
  }

  #waiting(turnAt: Instant, place: number | null, turn: Turn): MachineBar {
    return {
      state: "waiting",
      turn_at_ms: turnAt,
      place,
      why: turn.why,
      message: turn.message,
      later: turn.isLater(turnAt),
      in_sync_until_ms: this.inSyncUntil,
    };
  }
}
