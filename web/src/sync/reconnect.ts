/**
 * When to connect, when to wait, when a link is dead, and what the connection bar says meanwhile: the
 * same machine as `crates/leeward-core/src/reconnect.rs`; both replay the vectors in
 * `crates/leeward-core/vectors/reconnect`, which are its specification. The only place that knows
 * back-off. Never reads a clock, never opens a socket.
 */
import type { Lease, Refusal } from "../wire/types.ts";
import { BarFacts, barOfRefusal } from "./reconnectBar.ts";
import { jitter, Pace } from "./reconnectPace.ts";
import { Turn } from "./reconnectTurn.ts";
import type { Connection, Input, Instant, Kept, MachineBar, Output } from "./reconnectWords.ts";

/** An attempt to open, and the wait for the answer to `hello`, each last at most so long. */
const ATTEMPT_MS = 10_000;
/** A parked client hears its place every 10 s; three times nothing is too much. */
const PARKED_MS = 30_000;
/** With pings every 5 s, a dead link is noticed within 9.5 s. */
const ANSWER_MS = 4_500;
/** A timer later than this has slept: what it should have timed is asked again. */
const LATE_MS = 2_000;
export class Reconnect {
  #state: Connection = { name: "stopped" };
  #online = true;
  #hidden = false;
  readonly #pace = new Pace();
  /** What the server said of when to come. */
  readonly #turn = new Turn();
  /** Another connection has the session: the next one is to begin its own. */
  #fresh = false;
  readonly #bar = new BarFacts();
  #pings = 0;
  #outputs: Output[] = [];

  /** Takes what happened. Then drain [nextOutput] and ask for the [deadline]. */
  handle(now: Instant, input: Input): void {
    this.#take(now, input);
    if (this.#state.name === "idle" && this.#state.at !== null && this.#state.at <= now) {
      this.#pace.attempt(now);
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

  /** What the shell is to write down, so that a page loaded in place of this one can be told of it. */
  kept(): Kept | null {
    return this.#turn.kept();
  }

  /** What the client waits for, and the operator's words: what its other tabs are told. */
  waitsFor(): Pick<Kept, "why" | "message"> {
    const { why, message } = this.#turn;
    return { why, message };
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
        this.#sooner(now, this.#spread(now, input.random), input.random);
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
      case "try_now":
        this.#sooner(now, now, 0);
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
        this.#onParked(now, input.place, input.wait_ms, input.message ?? null);
        break;
      case "refuse":
      case "goodbye":
        this.#refused(now, input.refusal, input.slot ?? null, input.random);
        break;
      case "kept": {
        const { wait_ms, why, slot = null, message = null } = input;
        if (this.#state.name !== "stopped") break;
        this.#turn.restore({ notBefore: now + wait_ms, slot, why, message });
        break;
      }
      case "elsewhere":
        this.#onElsewhere(now, input);
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
    this.#pace.answered();
    this.#bar.lost(now);
    this.#state = { name: "idle", at: this.#allowed(now), turn: this.#turn.isAhead(now) };
  }

  #onSight(now: Instant, hidden: boolean): void {
    const changed = this.#hidden !== hidden;
    this.#hidden = hidden;
    this.#overdue(now, 0);
    if (changed && this.#state.name === "live") this.#ping(now);
    else if (!hidden) this.#sooner(now, now, 0);
  }

  /**
   * Something speaks for trying at `wish`, though never before the time given. Where there is a
   * connection, asks whether it still is one.
   */
  #sooner(now: Instant, wish: Instant, random: number): void {
    this.#overdue(now, random);
    if (this.#state.name === "idle") {
      const at = Math.min(this.#state.at ?? Number.POSITIVE_INFINITY, this.#allowed(wish));
      this.#state = { name: "idle", at, turn: this.#turn.isAhead(now) };
    }
    this.#probe(now);
  }

  /** Who has no time of its own goes by another page's, so that one account is one knock. */
  #onElsewhere(now: Instant, input: Extract<Input, { kind: "elsewhere" }>): void {
    const { wait_ms, random } = input;
    if (wait_ms === null) {
      if (this.#turn.release()) this.#sooner(now, this.#spread(now, random), random);
      return;
    }
    const state = this.#state;
    if (state.name !== "stopped" && state.name !== "idle") return;
    if (!this.#turn.borrow(now, wait_ms, input) || state.name !== "idle") return;
    const until = this.#allowed(now);
    const at = state.at === null || state.turn ? until : Math.max(state.at, until);
    this.#state = { name: "idle", at: state.at === null ? null : at, turn: true };
  }

  #onOpened(now: Instant): void {
    if (this.#state.name !== "connecting") return;
    this.#state = { name: "greeting", until: now + ATTEMPT_MS, parked: null };
    const { slot } = this.#turn;
    const place = slot === null ? {} : { slot };
    this.#outputs.push({ kind: "hello", resume: !this.#fresh, ...place });
  }

  #onWelcome(now: Instant, lease: Lease): void {
    if (this.#state.name !== "greeting") return;
    this.#turn.over();
    this.#fresh = false;
    this.#pace.hint(lease);
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
    this.#pace.answered();
    this.#bar.found(now);
  }

  #onParked(now: Instant, place: number, waitMs: number, message: string | null): void {
    if (this.#state.name !== "greeting") return;
    const parked = { turnAt: now + waitMs, place };
    this.#state = { name: "greeting", until: now + PARKED_MS, parked };
    this.#turn.parked(now, parked.turnAt, message);
  }

  #onPong(now: Instant, lease: Lease): void {
    this.#heard(now);
    if (this.#state.name !== "live") return;
    this.#state = { ...this.#state, lease, pingAt: now + lease.ping_ms };
    this.#pace.hint(lease);
  }

  #heard(now: Instant): void {
    if (this.#state.name === "live") this.#state = { ...this.#state, heard: now, asked: null };
  }

  #onTick(now: Instant, random: number): void {
    this.#overdue(now, random);
    const state = this.#state;
    if (state.name !== "live") return;
    const late = (ms: number) => state.asked !== null && state.asked + ANSWER_MS + ms <= now;
    if (late(LATE_MS)) {
      // Nobody listened when the answer may have come: ping as if for the first time.
      this.#state = { ...state, asked: null };
      this.#ping(now);
    } else if (late(0)) {
      this.#dead(now, state.asked ?? now, random);
    } else if (state.pingAt <= now) {
      this.#ping(now);
    }
  }

  /** Ends what has lasted longer than it may: an attempt, a silence, a lease. */
  #overdue(now: Instant, random: number): void {
    const state = this.#state;
    if (state.name === "live" && expires(state) <= now) {
      this.#dead(now, state.heard, random);
    } else if (state.name === "greeting" && state.parked !== null && state.until + LATE_MS <= now) {
      // Who slept in the lot listens first, so as not to lose the place.
      this.#state = { ...state, until: now + ANSWER_MS };
    } else if ((state.name === "connecting" || state.name === "greeting") && state.until <= now) {
      this.#dead(now, now, random);
    }
  }

  /** Asks whether the link is alive, unless that has been asked. */
  #probe(now: Instant): void {
    this.#overdue(now, 0);
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
    const window = inSync ? this.#pace.spreadMs() : this.#pace.backOffMs();
    this.#left(since);
    this.#idle(now + jitter(random, window), false);
  }

  /** The server ended it, with advice. */
  #refused(now: Instant, refusal: Refusal, slot: string | null, random: number): void {
    if (!this.#hasSocket()) return;
    this.#close();
    const { after_ms } = refusal;
    if (refusal.then === "retry" && after_ms !== undefined) {
      this.#left(now);
      this.#pace.answered();
      this.#idle(this.#turn.given(now, { ...refusal, after_ms }, slot, random), true);
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
    return this.#pace.allowed(this.#turn.allowed(wish));
  }

  /** A moment within the come-back window. */
  #spread(now: Instant, random: number): Instant {
    return now + jitter(random, this.#pace.spreadMs());
  }

  /** Remembers when the client was last in sync, if it was. */
  #left(since: Instant): void {
    if (this.#state.name !== "live" || !this.#state.caughtUp) return;
    this.#bar.inSyncUntil = this.#state.heard;
    this.#bar.lost(since);
  }

  #hasSocket(): boolean {
    const { name } = this.#state;
    return name === "connecting" || name === "greeting" || name === "live";
  }

  #close(): void {
    if (this.#hasSocket()) this.#outputs.push({ kind: "close" });
  }

  #show(now: Instant): void {
    const bar = this.#bar.of(now, this.#state, this.#turn, this.#online);
    if (bar === null) return;
    const shown = this.#bar.shown;
    this.#bar.shown = bar;
    if (shown === null || !same(shown, bar)) this.#outputs.push({ kind: "bar", ...bar });
  }
}

function expires(live: { readonly heard: Instant; readonly lease: Lease }): Instant {
  return live.heard + live.lease.lease_ms;
}

function same(a: MachineBar, b: MachineBar): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
