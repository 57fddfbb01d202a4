/** A page without a browser: the client library in a world that the test moves. */
import type { Client } from "../src/sync/client.ts";
import { type Keep, MemoryKeep } from "../src/sync/keep.ts";
import type { Line, Room } from "../src/sync/model.ts";
import type { Note } from "../src/sync/notifications.ts";
import { startClient } from "../src/sync/start.ts";
import type { Tabs, Told } from "../src/sync/tabs.ts";
import type { PageEvent, World } from "../src/sync/world.ts";
import { type ModelServer, Pipe } from "./modelServer.ts";
import type { Dice, Time } from "./time.ts";

/** What a browser keeps when its pages are closed, and what connects them. */
export class Profile {
  readonly words = new Map<string, string>();
  readonly listeners = new Map<string, ((what: Told) => void)[]>();
  pages = 0;
  openKeep: () => Promise<Keep>;

  constructor(keep: Keep = new MemoryKeep()) {
    this.openKeep = async () => keep;
  }
}

/** Whose page it is, in which browser and world. */
export interface PageOf {
  readonly profile: Profile;
  readonly server: ModelServer;
  readonly time: Time;
  readonly dice: Dice;
  readonly account: number;
  readonly path?: string;
  /** What the tab keeps of the pages before. */
  readonly words?: Map<string, string>;
}

export class FakePage {
  readonly of: PageOf;
  readonly client: Client;
  readonly ready: Promise<void>;
  readonly notes: Note[] = [];
  /** What the tab keeps when its page is loaded again. */
  readonly words: Map<string, string>;
  visible = true;
  path: string;
  readonly #id: string;
  readonly #profile: Profile;
  #emit: (event: PageEvent) => void = () => {};
  #gone = false;

  constructor(of: PageOf) {
    this.of = of;
    this.path = of.path ?? "/r/1";
    this.words = of.words ?? new Map();
    this.#profile = of.profile;
    this.#id = `page${++of.profile.pages}`;
    of.profile.words.set("leeward.account", String(of.account));
    const { client, ready } = startClient(this.#world());
    this.client = client;
    this.ready = ready;
  }

  emit(event: PageEvent): void {
    this.#emit(event);
  }

  room(id: number): Room {
    const room = this.client.store.getState().rooms.get(id);
    if (room === undefined) throw new Error(`room ${id} is not known`);
    return room;
  }

  lines(id: number): Line[] {
    return this.room(id).items.filter((item): item is Line => item.kind === "line");
  }

  /** The page is gone from one moment to the next: nothing it holds in memory is written. */
  crash(): void {
    this.#gone = true;
    this.#profile.listeners.delete(this.#id);
    for (const pipe of this.of.server.pipes) {
      if (this.#sockets.has(pipe.socket)) {
        pipe.socket.onclose = null;
        pipe.cut();
      }
    }
  }

  readonly #sockets = new Set<unknown>();

  #world(): World {
    const { server, time, dice, account, profile } = this.of;
    const alive = () => !this.#gone;
    return {
      build: "test",
      device: "test",
      openSocket: () => {
        // What a page that is gone had yet to do, it never does.
        if (!alive()) return new Pipe(account).socket;
        const socket = server.connect(account);
        this.#sockets.add(socket);
        return socket;
      },
      fetch: (path) => server.fetchAs(account)(path),
      now: () => time.now,
      wall: () => time.now,
      random: () => dice.u32(),
      timer: (run, ms) =>
        time.timer(() => {
          if (alive()) run();
        }, ms),
      schedule: (run) => void time.timer(run, 16),
      openKeep: async () => guarded(await profile.openKeep(), alive),
      forgetKeep: async () => {},
      tabs: () => this.#tabs(),
      remember: (key, value) => {
        if (value === null) profile.words.delete(key);
        else profile.words.set(key, value);
      },
      remembered: (key) => profile.words.get(key) ?? null,
      rememberHere: (key, value) => {
        if (value === null) this.words.delete(key);
        else this.words.set(key, value);
      },
      rememberedHere: (key) => this.words.get(key) ?? null,
      page: {
        path: () => this.path,
        push: (path) => {
          this.path = path;
        },
        replace: (path) => {
          this.path = path;
        },
        onPath: () => {},
        on: (listener) => {
          this.#emit = listener;
        },
        visible: () => this.visible,
        online: () => true,
        attentive: () => this.visible,
      },
      notify: {
        permission: () => "granted",
        ask: async () => {},
        show: (note) => this.notes.push(note),
      },
    };
  }

  #tabs(): Tabs {
    const { listeners } = this.#profile;
    listeners.set(this.#id, []);
    return {
      id: this.#id,
      tell: (what) => {
        for (const [id, all] of listeners) {
          if (id !== this.#id) for (const listener of all) listener(structuredClone(what));
        }
      },
      hear: (listener) => listeners.get(this.#id)?.push(listener),
      alive: async () => new Set(listeners.keys()),
      alone: (run) => run(),
      close: () => listeners.delete(this.#id),
    };
  }
}

/** A keep that a page which has crashed writes to no more. */
function guarded(keep: Keep, alive: () => boolean): Keep {
  return {
    all: (table) => keep.all(table),
    entries: (table) => keep.entries(table),
    one: (table, key) => keep.one(table, key),
    put: async (table, key, value) => {
      if (alive()) await keep.put(table, key, value);
    },
    drop: async (table, key) => {
      if (alive()) await keep.drop(table, key);
    },
    close: () => {},
  };
}
