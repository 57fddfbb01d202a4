/**
 * When to connect, when to wait, when a link is dead, and what the connection bar says meanwhile: the
 * same machine as `crates/leeward-core/src/reconnect.rs`; both replay the vectors in
 * `crates/leeward-core/vectors/reconnect`, which are its specification. The only place that knows
 * back-off. Never reads a clock, never opens a socket.
 */
import type { Lease, Refusal } from "../wire/types.ts";
import { BarFacts, barOfRefusal } from "./reconnectBar.ts";
import type { Connection, Input, Instant, MachineBar, Output } from "./reconnectWords.ts";

/** An attempt to open, and the wait for the answer to `hello`, each last at most so long. */
const ATTEMPT_MS = 10_000;
/** A parked client hears its place every 10 s; three times nothing is too much. */
const PARKED_MS = 30_000;
/** With pings every 5 s, a dead link is noticed within 9.5 s. */
const ANSWER_MS = 4_500;
/** A timer later than this has slept: what it should have timed is asked again. */
const LATE_MS = 2_000;
/** Between two attempts, whatever asks for the second. */
const GAP_MS = 1_000;
/** The window of the first delay after a failure is twice this; each failure doubles it. */
const BACK_OFF_MS = 1_000;
/** The longest window, for a client that has no hint. */
const BACK_OFF_MS_MAX = 60_000;
/** The longest window, in come-back windows. */
const BACK_OFF_SPREADS_MAX = 16;
/** The longest window is at least this, whatever the hint. */
const BACK_OFF_MS_FLOOR = 2_000;
/** The spread for a client that has no hint. */
const SPREAD_MS = 5_000;

export class Reconnect {
  #state: Connection = { name: "stopped" };
  #online = true;
  #hidden = false;
  /** Attempts since the last success that ended without a word. */
  #failures = 0;
  #lastAttempt: Instant | null = null;
  /** The time the server gave. */
  #notBefore: Instant | null = null;
  #slot: string | null = null;
  /** Another connection has the session: the next one is to begin its own. */
  #fresh = false;
  /** The last lease granted, whose hint outlives the connection. */
  #lease: Lease | null = null;
  readonly #bar = new BarFacts();
  #pings = 0;
  #outputs: Output[] = [];

  /** Takes what happened. Then drain [nextOutput] and ask for the [deadline]. */
  handle(now: Instant, input: Input): void {
    this.#take(now, input);
    if (this.#state.name === "idle" && this.#state.at !== null && this.#state.at <= now) {
      this.#lastAttempt = now;
      this.#state = { name: "connecting", until: now + ATTEMPT_MS };
      this.#outputs.push({ kind: "open" });
    }
    this.#show(now);
  }

  /** The next thing to do, until there is none. */
  nextOutput(): Output | null {
    return this.#outputs.shift() ?? null;
  }

  /** When to tick. Null only when stopped, refused for good, or offline. */
  deadline(): Instant | null {
    const own = this.#ownDeadline();
    const bar = this.#bar.deadline();
    if (own === null || bar === null) return own ?? bar;
    return Math.min(own, bar);
  }

  #ownDeadline(): Instant | null {
    const state = this.#state;
    switch (state.name) {
      case "stopped":
      case "refused":
        return null;
      case "idle":
        return state.at;
      case "connecting":
      case "greeting":
        return state.until;
      case "live": {
        const next = Math.min(state.pingAt, expires(state));
        return state.asked === null ? next : Math.min(state.asked + ANSWER_MS, next);
      }
    }
  }

  #take(now: Instant, input: Input): void {
    switch (input.kind) {
      case "start":
        this.#start(now);
        break;
      case "stop":
        this.#close();
        this.#left(now);
        this.#state = { name: "stopped" };
        break;
      case "online":
        this.#online = true;
        this.#sooner(now, now + jitter(input.random, this.#spreadMs()));
        break;
      case "offline":
        this.#online = false;
        if (this.#state.name === "idle") this.#state = { ...this.#state, at: null };
        this.#probe(now);
        break;
      case "visible":
        this.#onSight(now, false);
        break;
      case "hidden":
        this.#onSight(now, true);
        break;
      case "woke":
        this.#onWoke(now);
        break;
      case "try_now":
        this.#sooner(now, now);
        break;
      case "opened":
        this.#onOpened(now);
        break;
      case "closed":
        this.#lost(now, now, input.random);
        break;
      case "welcome":
        this.#onWelcome(now, input.lease);
        break;
      case "caught_up":
        this.#onCaughtUp(now);
        break;
      case "parked":
        this.#onParked(now, input.place, input.wait_ms);
        break;
      case "refuse":
        this.#refused(now, input.refusal, input.slot ?? null, input.random);
        break;
      case "goodbye":
        this.#refused(now, input.refusal, null, input.random);
        break;
      case "pong":
        this.#onPong(now, input.lease);
        break;
      case "heard":
        this.#heard(now);
        break;
      case "shed":
        this.#bar.shed = input.on;
        break;
      case "writes":
        this.#bar.paused = input.paused;
        break;
      case "tick":
        this.#onTick(now, input.random);
        break;
    }
  }

  #start(now: Instant): void {
    if (this.#state.name !== "stopped" && this.#state.name !== "refused") return;
    this.#failures = 0;
    this.#bar.lost(now);
    this.#state = { name: "idle", at: this.#allowed(now), turn: this.#hasTurn(now) };
  }

  #onSight(now: Instant, hidden: boolean): void {
    const changed = this.#hidden !== hidden;
    this.#hidden = hidden;
    if (changed && this.#state.name === "live") this.#ping(now);
    else if (!hidden) this.#sooner(now, now);
  }

  #onWoke(now: Instant): void {
    if (this.#state.name === "live" && expires(this.#state) <= now) {
      this.#dead(now, this.#state.heard, 0);
    } else {
      this.#sooner(now, now);
    }
  }

  /** Something speaks for trying at `wish`, though never before the time given. */
  #sooner(now: Instant, wish: Instant): void {
    const at = this.#allowed(wish);
    if (this.#state.name === "idle") {
      const known = this.#state.at;
      this.#state = {
        name: "idle",
        at: known === null ? at : Math.min(known, at),
        turn: this.#hasTurn(now),
      };
    }
    this.#probe(now);
  }

  #onOpened(now: Instant): void {
    if (this.#state.name !== "connecting") return;
    this.#state = { name: "greeting", until: now + ATTEMPT_MS, parked: null };
    const slot = this.#slot === null ? {} : { slot: this.#slot };
    this.#outputs.push({ kind: "hello", resume: !this.#fresh, ...slot });
  }

  #onWelcome(now: Instant, lease: Lease): void {
    if (this.#state.name !== "greeting") return;
    this.#slot = null;
    this.#notBefore = null;
    this.#fresh = false;
    this.#lease = lease;
    this.#bar.welcomed();
    this.#state = {
      name: "live",
      lease,
      heard: now,
      pingAt: now + lease.ping_ms,
      asked: null,
      caughtUp: false,
    };
    if (this.#hidden) this.#ping(now);
  }

  #onCaughtUp(now: Instant): void {
    this.#heard(now);
    if (this.#state.name !== "live" || this.#state.caughtUp) return;
    this.#state = { ...this.#state, caughtUp: true };
    this.#failures = 0;
    this.#bar.found(now);
  }

  #onParked(now: Instant, place: number, waitMs: number): void {
    if (this.#state.name !== "greeting") return;
    const parked = { turnAt: now + waitMs, place };
    this.#state = { name: "greeting", until: now + PARKED_MS, parked };
  }

  #onPong(now: Instant, lease: Lease): void {
    this.#heard(now);
    if (this.#state.name !== "live") return;
    this.#state = { ...this.#state, lease, pingAt: now + lease.ping_ms };
    this.#lease = lease;
  }

  #heard(now: Instant): void {
    if (this.#state.name === "live") this.#state = { ...this.#state, heard: now, asked: null };
  }

  #onTick(now: Instant, random: number): void {
    const state = this.#state;
    if (state.name === "connecting" || state.name === "greeting") {
      if (state.until > now) return;
      this.#close();
      this.#lost(now, now, random);
    } else if (state.name === "live") {
      const late = (ms: number) => state.asked !== null && state.asked + ANSWER_MS + ms <= now;
      if (expires(state) <= now) {
        this.#dead(now, state.heard, random);
      } else if (late(LATE_MS)) {
        // Nobody listened when the answer may have come: ping as if for the first time.
        this.#state = { ...state, asked: null };
        this.#ping(now);
      } else if (late(0)) {
        this.#dead(now, state.asked ?? now, random);
      } else if (state.pingAt <= now) {
        this.#ping(now);
      }
    }
  }

  /** Asks whether the link is alive, unless that has been asked. */
  #probe(now: Instant): void {
    if (this.#state.name === "live" && this.#state.asked === null) this.#ping(now);
  }

  #ping(now: Instant): void {
    if (this.#state.name !== "live") return;
    this.#pings++;
    this.#state = {
      ...this.#state,
      pingAt: now + this.#state.lease.ping_ms,
      asked: this.#state.asked ?? now,
    };
    this.#outputs.push({ kind: "ping", n: this.#pings, hidden: this.#hidden });
  }

  /** The link has been dead since a moment in the past. */
  #dead(now: Instant, since: Instant, random: number): void {
    this.#close();
    this.#lost(now, since, random);
  }

  /** The socket is gone without a word; nothing came through it `since`. */
  #lost(now: Instant, since: Instant, random: number): void {
    if (!this.#hasSocket()) return;
    const inSync = this.#state.name === "live" && this.#state.caughtUp;
    const window = inSync ? this.#spreadMs() : this.#backOff();
    this.#left(since);
    this.#idle(now + jitter(random, window), false);
  }

  /** The server ended it, with advice. */
  #refused(now: Instant, refusal: Refusal, slot: string | null, random: number): void {
    if (!this.#hasSocket()) return;
    this.#close();
    this.#slot = slot ?? this.#slot;
    const after = refusal.after_ms ?? null;
    if (refusal.then === "retry" && after !== null) {
      this.#left(now);
      this.#failures = 0;
      const turn = now + after;
      this.#notBefore = turn;
      const window = this.#slot === null ? Math.floor(after / 4) : 0;
      this.#idle(turn + jitter(random, window), true);
    } else if (refusal.then === "retry") {
      this.#lost(now, now, random);
    } else if (refusal.then === "give_up" && refusal.code === "replaced") {
      this.#fresh = true;
      this.#lost(now, now, random);
    } else {
      this.#left(now);
      this.#state = { name: "refused", bar: barOfRefusal(refusal.code, refusal.then) };
    }
  }

  #idle(at: Instant, turn: boolean): void {
    this.#state = { name: "idle", at: this.#online ? this.#allowed(at) : null, turn };
  }

  /** The first moment not before `wish` at which an attempt may be made. */
  #allowed(wish: Instant): Instant {
    const gap = this.#lastAttempt === null ? wish : this.#lastAttempt + GAP_MS;
    return Math.max(wish, this.#notBefore ?? wish, gap);
  }

  /** The time that the server gave is yet to come. */
  #hasTurn(now: Instant): boolean {
    return this.#notBefore !== null && now < this.#notBefore;
  }

  /** Remembers when the client was last in sync, if it was. */
  #left(since: Instant): void {
    if (this.#state.name !== "live" || !this.#state.caughtUp) return;
    this.#bar.inSyncUntil = this.#state.heard;
    this.#bar.lost(since);
  }

  #backOff(): number {
    this.#failures++;
    const spreads = (this.#lease?.spread_ms ?? 0) * BACK_OFF_SPREADS_MAX;
    const most =
      this.#lease === null
        ? BACK_OFF_MS_MAX
        : Math.min(BACK_OFF_MS_MAX, Math.max(BACK_OFF_MS_FLOOR, spreads));
    return Math.min(most, BACK_OFF_MS * 2 ** Math.min(this.#failures, 6));
  }

  #spreadMs(): number {
    return this.#lease?.spread_ms ?? SPREAD_MS;
  }

  #hasSocket(): boolean {
    const { name } = this.#state;
    return name === "connecting" || name === "greeting" || name === "live";
  }

  #close(): void {
    if (this.#hasSocket()) this.#outputs.push({ kind: "close" });
  }

  #show(now: Instant): void {
    const bar = this.#bar.of(now, this.#state, this.#online);
    if (bar === null) return;
    const shown = this.#bar.shown;
    this.#bar.shown = bar;
    if (shown === null || !same(shown, bar)) this.#outputs.push({ kind: "bar", ...bar });
  }
}

function expires(live: { readonly heard: Instant; readonly lease: Lease }): Instant {
  return live.heard + live.lease.lease_ms;
}

/** A delay within a window, evenly distributed: `floor(window · random / 2³²)`. */
function jitter(random: number, windowMs: number): number {
  return Math.floor((windowMs * random) / 2 ** 32);
}

function same(a: MachineBar, b: MachineBar): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
