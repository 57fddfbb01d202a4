/**
 * Drives the reconnect machine with a real socket, real timers and the page's events. It alone touches
 * the socket; what frames mean is for others.
 */
import type { ClientFrame, Hello, Lease, ServerFrame } from "../wire/types.ts";
import { Reconnect } from "./reconnect.ts";
import type { Input, Instant, Kept, MachineBar, Output } from "./reconnectWords.ts";

/** A socket as far as it is used here; the browser's is one. */
export interface Socket {
  send(text: string): void;
  close(): void;
  onopen: (() => void) | null;
  onmessage: ((message: { readonly data: unknown }) => void) | null;
  onclose: (() => void) | null;
}

/** What the driver needs of the world. */
export interface ConnectionWorld {
  readonly openSocket: () => Socket;
  /** The monotonic clock, which also counts time asleep. */
  readonly now: () => Instant;
  /** Evenly distributed over 32 bits. */
  readonly random: () => number;
  /** Calls back after so many milliseconds; the function returned prevents it. */
  readonly timer: (run: () => void, ms: number) => () => void;
  /** What this client has seen, for the hello. */
  readonly seen: () => Pick<Hello, "build" | "account_version" | "positions">;
  readonly frame: (frame: ServerFrame) => void;
  /** In sync, or not any more. */
  readonly live: (live: boolean) => void;
  readonly bar: (bar: MachineBar) => void;
  /** The place that a page loaded in place of this one would need, and the session's ticket. */
  readonly kept: (kept: Kept | null, ticket: string | null) => void;
  /** The server said how long to wait, and what for; null: it let this page in. */
  readonly told: (waitMs: number | null, what: Pick<Kept, "why" | "message">) => void;
}

export class Connection {
  readonly #world: ConnectionWorld;
  readonly #machine = new Reconnect();
  #socket: Socket | null = null;
  #ticket: string | null = null;
  #live = false;
  /** As last written down. */
  #kept: Kept | null = null;
  #cancel: () => void = () => {};
  #handling = false;
  #waiting: Input[] = [];

  constructor(world: ConnectionWorld) {
    this.#world = world;
  }

  /** Whether the connection is in sync. */
  get isLive(): boolean {
    return this.#live;
  }

  /** Something happened that the machine should know of. */
  tell(input: Input): void {
    // What an output causes is handled after all outputs of its cause.
    this.#waiting.push(input);
    if (this.#handling) return;
    this.#handling = true;
    try {
      for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
        this.#machine.handle(this.#world.now(), next);
        for (let out = this.#machine.nextOutput(); out !== null; out = this.#machine.nextOutput()) {
          this.#do(out);
        }
      }
    } finally {
      this.#handling = false;
    }
    this.#keep();
    this.#setTimer();
  }

  /** Goes on with what a page before this one wrote down. */
  restore({
    input,
    ticket,
  }: {
    readonly input: Input | null;
    readonly ticket: string | null;
  }): void {
    this.#ticket = ticket;
    if (input !== null) this.tell(input);
  }

  /** Tells something that comes with a random number. */
  tellAtRandom(kind: "online" | "closed" | "tick"): void {
    this.tell({ kind, random: this.#world.random() });
  }

  /** Sends a frame if the connection is in sync; false: it is not. */
  send(frame: ClientFrame): boolean {
    if (!this.#live || this.#socket === null) return false;
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  /** Forgets the session: the next hello begins another. */
  forget(): void {
    this.#ticket = null;
  }

  #do(output: Output): void {
    switch (output.kind) {
      case "open":
        this.#open();
        break;
      case "hello":
        this.#hello(output.resume, output.slot);
        break;
      case "close":
        this.#close();
        break;
      case "ping":
        this.#write({ t: "ping", n: output.n, hidden: output.hidden });
        break;
      case "bar": {
        const { kind: _, ...bar } = output;
        this.#world.bar(bar);
        break;
      }
    }
  }

  #open(): void {
    let socket: Socket;
    try {
      socket = this.#world.openSocket();
    } catch {
      this.tellAtRandom("closed");
      return;
    }
    this.#socket = socket;
    socket.onopen = () => this.tell({ kind: "opened" });
    socket.onclose = () => {
      this.#detach();
      this.tellAtRandom("closed");
    };
    socket.onmessage = ({ data }) => {
      if (typeof data === "string") this.#receive(JSON.parse(data) as ServerFrame);
    };
  }

  #hello(resume: boolean, slot: string | undefined): void {
    if (!resume) this.#ticket = null;
    this.#write({
      t: "hello",
      ...this.#world.seen(),
      ...(this.#ticket === null ? {} : { ticket: this.#ticket }),
      ...(slot === undefined ? {} : { slot }),
    });
  }

  #receive(frame: ServerFrame): void {
    if (frame.t === "welcome") this.#ticket = frame.ticket;
    if (frame.t === "caught_up") this.#setLive(true);
    this.#world.frame(frame);
    for (const input of inputsOf(frame, this.#world.random())) this.tell(input);
    const wait = waitOf(frame);
    if (wait !== undefined) this.#world.told(wait, this.#machine.waitsFor());
    if (frame.t === "refuse" && frame.then === "sign_in" && this.#ticket !== null) {
      // The ticket may have run out while the cookie has not.
      this.#ticket = null;
      this.tell({ kind: "start" });
    }
  }

  #write(frame: ClientFrame): void {
    this.#socket?.send(JSON.stringify(frame));
  }

  #close(): void {
    const socket = this.#socket;
    this.#detach();
    socket?.close();
  }

  /** Listens to the socket no more. */
  #detach(): void {
    if (this.#socket !== null) {
      this.#socket.onopen = null;
      this.#socket.onmessage = null;
      this.#socket.onclose = null;
    }
    this.#socket = null;
    this.#setLive(false);
  }

  #setLive(live: boolean): void {
    if (this.#live === live) return;
    this.#live = live;
    this.#world.live(live);
  }

  #keep(): void {
    const kept = this.#machine.kept();
    if (JSON.stringify(kept) === JSON.stringify(this.#kept)) return;
    this.#kept = kept;
    this.#world.kept(kept, this.#ticket);
  }

  #setTimer(): void {
    this.#cancel();
    const at = this.#machine.deadline();
    if (at === null) return;
    const ms = Math.max(0, Math.ceil(at - this.#world.now()));
    this.#cancel = this.#world.timer(() => this.tellAtRandom("tick"), ms);
  }
}

/** What a frame tells the machine. */
function inputsOf(frame: ServerFrame, random: number): Input[] {
  switch (frame.t) {
    case "welcome":
      return [{ kind: "welcome", lease: frame.lease }];
    case "caught_up":
      return [{ kind: "caught_up" }];
    case "pong":
      return [{ kind: "pong", lease: frame.lease satisfies Lease }];
    case "parked":
      return [{ kind: "parked", ...parkedOf(frame) }];
    case "refuse":
    case "goodbye": {
      const { t: kind, code, message, then, after_ms, slot } = frame;
      const refusal = { code, message, then, after_ms };
      return [{ kind, refusal, random, ...(slot === undefined ? {} : { slot }) }];
    }
    case "shed":
      return [{ kind: "heard" }, { kind: "shed", on: frame.what.length > 0 }];
    default:
      return [{ kind: "heard" }];
  }
}

function parkedOf({ place, wait_ms, message }: Extract<ServerFrame, { t: "parked" }>) {
  return { place, wait_ms, ...(message === undefined ? {} : { message }) };
}

/** How long a frame has its page wait; null: it is in; nothing: the frame says nothing of it. */
function waitOf(frame: ServerFrame): number | null | undefined {
  if (frame.t === "welcome") return null;
  if (frame.t === "parked") return frame.wait_ms;
  if (frame.t !== "refuse" && frame.t !== "goodbye") return undefined;
  return frame.then === "retry" ? frame.after_ms : undefined;
}
