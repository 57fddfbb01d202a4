/**
 * A server in memory, as small as it can be and still keep the promises of the protocol: seq without
 * holes, each nonce once, deltas and gaps. Frames move only when a test says so.
 */
import type { Socket } from "../src/sync/connection.ts";
import type {
  AccountState,
  ClientFrame,
  Code,
  Draft,
  Event,
  Message,
  Person,
  RoomSummary,
  ServerFrame,
  Snapshot,
} from "../src/wire/types.ts";
import { isInRoom, linesAt } from "./modelFold.ts";

const LEASE = { ping_ms: 5_000, lease_ms: 15_000, spread_ms: 1_000 };

interface Room {
  readonly id: number;
  readonly name: string;
  readonly log: Event[];
  readonly read: Map<number, number>;
}

/** One connection: what is on its way in each direction. */
export class Pipe {
  readonly account: number;
  readonly toServer: string[] = [];
  readonly toClient: string[] = [];
  readonly socket: Socket;
  open = false;
  closed = false;
  welcomed = false;
  /** What the client said of itself. */
  hello: Extract<ClientFrame, { t: "hello" }> | null = null;

  constructor(account: number) {
    this.account = account;
    this.socket = {
      send: (text) => {
        if (!this.closed) this.toServer.push(text);
      },
      close: () => {
        this.closed = true;
      },
      onopen: null,
      onmessage: null,
      onclose: null,
    };
  }

  /** The network breaks it: what is on its way is lost. */
  cut(): void {
    if (this.closed) return;
    this.closed = true;
    this.toServer.length = 0;
    this.toClient.length = 0;
    this.socket.onclose?.();
  }
}

export class ModelServer {
  readonly rooms = new Map<number, Room>();
  readonly people: Person[];
  /** Nonces by author, with their answers: each is stored once, for ever. */
  readonly nonces = new Map<string, { room: number; seq: number; at: number }>();
  pipes: Pipe[] = [];
  /** More missed events than this are a gap. */
  deltaMax = 20;
  /** Lines of a snapshot. */
  snapshotLines = 10;
  up = true;
  /** The build of the app that it says to serve. */
  build = "web/test";
  /** Posts received, repeated ones too. */
  posts = 0;
  /** Refuses the next posts with this. */
  refuse: { code: Code; then: "retry" | "give_up"; after_ms?: number } | null = null;
  /** What is said to a hello in place of a welcome; null: welcome. */
  greet: (pipe: Pipe) => readonly ServerFrame[] | null = () => null;
  /** Set to see whether the tests notice: stores a repeated nonce again. */
  forgetsNonces = false;
  /** Liberties that a server may take; null: it takes none. */
  mischief: {
    readonly below: (n: number) => number;
    readonly delay: (answer: () => Response) => Promise<Response>;
  } | null = null;
  readonly #now: () => number;

  constructor(now: () => number, people: readonly string[], rooms: readonly string[]) {
    this.#now = now;
    this.people = people.map((name, i) => ({ id: i + 1, name, display: name, role: "member" }));
    rooms.forEach((name, i) => {
      this.rooms.set(i + 1, { id: i + 1, name, log: [], read: new Map() });
    });
  }

  connect(account: number): Socket {
    const pipe = new Pipe(account);
    this.pipes.push(pipe);
    return pipe.socket;
  }

  /** Moves one thing along a pipe. False: there is nothing to move. */
  step(pipe: Pipe): boolean {
    if (pipe.closed) return false;
    if (!pipe.open) {
      if (!this.up) {
        pipe.cut();
        return true;
      }
      pipe.open = true;
      pipe.socket.onopen?.();
      return true;
    }
    const up = pipe.toServer.shift();
    if (up !== undefined) {
      this.#receive(pipe, JSON.parse(up) as ClientFrame);
      return true;
    }
    const down = pipe.toClient.shift();
    if (down === undefined) return false;
    pipe.socket.onmessage?.({ data: down });
    return true;
  }

  /** Moves everything until nothing moves. */
  run(): void {
    for (let moved = true; moved; ) {
      moved = false;
      for (const pipe of [...this.pipes]) while (this.step(pipe)) moved = true;
      this.pipes = this.pipes.filter((pipe) => !pipe.closed);
    }
  }

  /** Dies without a word, and with everything that it has not sent. */
  kill(): void {
    this.up = false;
    for (const pipe of [...this.pipes]) pipe.cut();
    this.pipes = [];
  }

  append(account: number, room: number, nonce: string, draft: Draft): Event {
    const { log } = this.#room(room);
    const event = {
      seq: log.length + 1,
      at: this.#now(),
      from: account,
      nonce,
      ...what(draft),
    } as Event;
    log.push(event);
    this.nonces.set(`${account} ${nonce}`, { room, seq: event.seq, at: event.at });
    for (const pipe of this.pipes) {
      // A frame that goes missing is a server's fault, but a client that sees the hole mends it.
      if (this.mischief?.below(40) === 0) continue;
      if (pipe.welcomed && !pipe.closed) this.say(pipe, { t: "event", room, event });
    }
    return event;
  }

  lines(room: number): Event[] {
    const { log } = this.#room(room);
    return linesAt(log, log.length).filter(isInRoom);
  }

  snapshot(room: number, at = this.#room(room).log.length): Snapshot {
    const { name, log } = this.#room(room);
    const lines = linesAt(log, at).filter(isInRoom);
    return {
      room,
      at: { epoch: 1, seq: at },
      facts: { room_kind: "public", name },
      members: this.people.map(({ id }) => ({ account: id, role: "member" })),
      members_total: this.people.length,
      people: this.people,
      lines: lines.slice(-this.snapshotLines),
      more: lines.length > this.snapshotLines,
    };
  }

  /** Answers what the client asks by HTTP. */
  readonly fetchAs =
    (account: number) =>
    async (path: string): Promise<Response> => {
      if (!this.up) throw new TypeError("unreachable");
      const url = new URL(path, "http://model");
      if (this.mischief !== null && this.mischief.below(2) === 0) {
        const answer = this.#answer(account, url);
        return this.mischief.delay(() => answer);
      }
      return this.#answer(account, url);
    };

  #answer(account: number, url: URL): Response {
    const page = /^\/api\/v1\/rooms\/(\d+)\/lines(?:\/(\d+))?$/.exec(url.pathname);
    if (page !== null) return this.#page(Number(page[1]), page[2], url.searchParams);
    switch (url.pathname) {
      case "/api/v1/me":
        return json(this.#account(account));
      case "/api/v1/rooms":
        return json(this.#account(account).rooms);
      case "/api/v1/threads":
        return json([]);
      case "/api/v1/people":
        return json(this.people);
      case "/api/v1/workspace":
        return json({ name: "w", needs_setup: false, build: "", client: "", limits: {} });
      default:
        return json({}, 200);
    }
  }

  #page(room: number, seq: string | undefined, query: URLSearchParams): Response {
    const { log } = this.#room(room);
    const all = linesAt(log, log.length);
    if (seq !== undefined) {
      const line = all.find((event) => event.seq === Number(seq));
      if (line !== undefined) return json(line);
      return json({ code: "not_found", message: "", then: "give_up" }, 404);
    }
    const thread = query.get("thread");
    const root = Number(thread);
    const lines = all.filter((line) =>
      thread === null
        ? isInRoom(line)
        : line.seq === root || (line.kind === "message" && line.thread === root),
    );
    const limit = Number(query.get("limit") ?? 50);
    const [from, to] = bounds(lines, query, limit);
    return json({
      lines: lines.slice(from, to),
      more_before: from > 0,
      more_after: to < lines.length,
      at: { epoch: 1, seq: log.length },
    });
  }

  #receive(pipe: Pipe, frame: ClientFrame): void {
    switch (frame.t) {
      case "hello":
        this.#hello(pipe, frame);
        break;
      case "ping":
        this.say(pipe, { t: "pong", n: frame.n, lease: LEASE });
        break;
      case "post":
        this.#post(pipe, frame.room, frame.nonce, frame.draft);
        break;
      case "open":
        this.#open(pipe, frame.room);
        break;
      case "read":
        this.#room(frame.room).read.set(pipe.account, frame.seq);
        break;
      default:
        break;
    }
  }

  /** A snapshot that may have been made for somebody before, and what came after it. */
  #open(pipe: Pipe, room: number): void {
    const { log } = this.#room(room);
    const at = Math.max(0, log.length - (this.mischief?.below(4) ?? 0));
    this.say(pipe, { t: "snapshot", ...this.snapshot(room, at) });
    const events = log.slice(at);
    if (events.length > 0) this.say(pipe, { t: "delta", room, epoch: 1, events });
  }

  #hello(pipe: Pipe, hello: Extract<ClientFrame, { t: "hello" }>): void {
    pipe.hello = hello;
    const instead = this.greet(pipe);
    if (instead === null) this.admit(pipe, hello);
    else for (const frame of instead) this.say(pipe, frame);
  }

  /** Lets somebody in who has said hello. */
  admit(pipe: Pipe, hello: Extract<ClientFrame, { t: "hello" }>): void {
    pipe.welcomed = true;
    this.say(pipe, {
      t: "welcome",
      session: 1,
      account: pipe.account,
      ticket: "ticket",
      lease: LEASE,
      now: this.#now(),
      resumed: hello.ticket !== undefined,
      build: this.build,
    });
    if (hello.account_version < 1) this.say(pipe, { t: "account", ...this.#account(pipe.account) });
    for (const [room, epoch, seq] of hello.positions ?? []) {
      const { log } = this.#room(room);
      const events = log.slice(Math.max(0, seq - (this.mischief?.below(3) ?? 0)));
      if (events.length > this.deltaMax) {
        this.say(pipe, { t: "gap", room, head: { epoch, seq: log.length } });
      } else if (events.length > 0) {
        this.say(pipe, { t: "delta", room, epoch, events });
      }
    }
    this.say(pipe, { t: "caught_up", now: this.#now() });
  }

  #post(pipe: Pipe, room: number, nonce: string, draft: Draft): void {
    this.posts++;
    const known = this.nonces.get(`${pipe.account} ${nonce}`);
    if (known !== undefined && !this.forgetsNonces) {
      this.say(pipe, { t: "posted", nonce, ...known });
      return;
    }
    if (this.mischief?.below(15) === 0) {
      const busy = { code: "store_busy", message: "", then: "retry", after_ms: 300 } as const;
      this.say(pipe, { t: "refused", nonce, room, ...busy });
      return;
    }
    const refusal = this.refuse ?? this.#objection(pipe.account, room, draft);
    if (refusal !== null) {
      this.say(pipe, { t: "refused", nonce, room, message: refusal.code, ...refusal });
      return;
    }
    const event = this.append(pipe.account, room, nonce, draft);
    this.say(pipe, { t: "posted", nonce, room, seq: event.seq, at: event.at });
  }

  #objection(account: number, room: number, draft: Draft): typeof this.refuse {
    const about = "target" in draft ? draft.target : draft.thread;
    if (about == null) return null;
    const { log } = this.#room(room);
    const line = linesAt(log, log.length).find((event) => event.seq === about);
    if (line?.kind !== "message") return { code: "not_found", then: "give_up" };
    if (line.deleted) return { code: "deleted", then: "give_up" };
    const owns = draft.kind !== "edit" && draft.kind !== "delete";
    return owns || line.from === account ? null : { code: "forbidden", then: "give_up" };
  }

  #account(account: number): AccountState {
    const me = this.people[account - 1];
    if (me === undefined) throw new Error("no such account");
    const rooms = [...this.rooms.values()].map(({ id, name, log, read }): RoomSummary => {
      const last = log.findLast((event) => event.kind === "message");
      return {
        id,
        room_kind: "public",
        name,
        epoch: 1,
        head: log.length,
        last_message: last?.seq ?? 0,
        last_at: last?.at ?? 0,
        read: read.get(account) ?? 0,
        mentions: 0,
        role: "member",
        notify: "mentions",
        members: this.people.length,
      };
    });
    return { version: 1, me, workspace: "w", rooms, settings: {}, people: this.people };
  }

  /** Puts a frame on its way. */
  say(pipe: Pipe, frame: ServerFrame): void {
    pipe.toClient.push(JSON.stringify(frame));
  }

  #room(id: number): Room {
    const room = this.rooms.get(id);
    if (room === undefined) throw new Error(`no room ${id}`);
    return room;
  }
}

function what(draft: Draft): object {
  if (draft.kind !== "message") return draft;
  const message: { kind: "message" } & Message = { kind: "message", text: draft.text };
  if (draft.thread != null) message.thread = draft.thread;
  if (draft.also_room) message.also_room = true;
  if (draft.quote != null) message.quote = draft.quote;
  if (draft.text.includes("@a")) message.mentions = [1];
  return message;
}

function bounds(lines: readonly Event[], query: URLSearchParams, limit: number): [number, number] {
  const index = (seq: number) => {
    const found = lines.findIndex((line) => line.seq >= seq);
    return found === -1 ? lines.length : found;
  };
  const before = query.get("before");
  const around = query.get("around");
  if (before !== null) return [Math.max(0, index(Number(before)) - limit), index(Number(before))];
  if (around !== null) {
    const middle = index(Number(around));
    const half = Math.ceil(limit / 2);
    return [Math.max(0, middle - half), Math.min(lines.length, middle + half)];
  }
  return [Math.max(0, lines.length - limit), lines.length];
}

function json(body: unknown, status = 200): Response {
  return new Response(JSON.stringify(body), { status });
}
