/**
 * One account on this page: puts its machines together and turns what they know into the state that
 * is rendered. Begins with what is kept on the device and goes on with the server.
 */
import type { AccountId, Event, Millis, RoomId } from "../wire/types.ts";
import { isOther, keptOf } from "./accountState.ts";
import { Ahead } from "./ahead.ts";
import { byWallClock } from "./bar.ts";
import { Connection } from "./connection.ts";
import { Drafts } from "./drafts.ts";
import { type FrameWorld, takeFrame } from "./frames.ts";
import { Here } from "./here.ts";
import type { Http } from "./http.ts";
import type { Keep, KeptAccount } from "./keep.ts";
import { Line } from "./line.ts";
import {
  makeNotifications,
  makeOutbox,
  makePeople,
  makeReading,
  makeRooms,
  makeThreads,
  makeUploads,
  type Parts,
} from "./machines.ts";
import type { State } from "./model.ts";
import type { Notifications } from "./notifications.ts";
import type { Outbox } from "./outbox.ts";
import type { People } from "./people.ts";
import { keptPeople, Persist } from "./persist.ts";
import { Publisher } from "./publisher.ts";
import type { Reading } from "./reading.ts";
import type { RoomLog } from "./roomLog.ts";
import type { Rooms } from "./rooms.ts";
import type { SessionEvents } from "./sessionEvents.ts";
import { unreachedWorkspace } from "./state.ts";
import type { Store } from "./store.ts";
import type { Tabs } from "./tabs.ts";
import type { Threads } from "./threads.ts";
import type { Uploads } from "./uploads.ts";
import type { World } from "./world.ts";

/** What the names of builds of this app begin with, on the wire. */
const WEB = "web/";
/** When to ask again about people after the connection came back, in milliseconds. */
const PEOPLE_MS_MIN = 5_000;
const PEOPLE_MS = 25_000;

export class Session {
  readonly me: AccountId;
  readonly rooms: Rooms;
  readonly threads: Threads;
  readonly reading: Reading;
  readonly outbox: Outbox;
  readonly drafts: Drafts;
  readonly uploads: Uploads;
  readonly people: People;
  readonly here: Here;
  readonly connection: Connection;
  readonly notifications: Notifications;
  readonly persist: Persist;
  readonly keep: Keep;
  readonly tabs: Tabs;
  readonly line: Line;
  readonly #world: World;
  readonly #store: Store<State>;
  readonly #events: SessionEvents;
  readonly #publisher: Publisher;
  #account: KeptAccount | null = null;
  #missed = { count: 0, room: null as RoomId | null };
  #inSyncBefore: Millis | null = null;
  #stopped = false;
  #refreshing = false;

  constructor(
    me: AccountId,
    keep: Keep,
    {
      world,
      store,
      http,
      events,
    }: {
      readonly world: World;
      readonly store: Store<State>;
      readonly http: Http;
      readonly events: SessionEvents;
    },
  ) {
    this.me = me;
    this.keep = keep;
    this.#world = world;
    this.#store = store;
    this.#events = events;
    this.tabs = world.tabs(me);
    this.line = new Line(world, this.tabs, me);
    const later = (run: () => void, ms: number) => {
      world.timer(() => {
        if (!this.#stopped) run();
      }, ms);
    };
    const touch = () => store.touch();
    const send: Connection["send"] = (frame) => this.connection.send(frame);
    this.connection = new Connection({
      ...world,
      seen: () => ({
        build: WEB + world.build,
        account_version: this.#account?.version ?? 0,
        positions: this.rooms.positions(),
      }),
      frame: (frame) => takeFrame(frame, this, frames),
      live: (live) => this.#live(live),
      bar: (bar) => {
        const offset = world.wall() - world.now();
        this.#publisher.bar = byWallClock(bar, (at) => Math.round(at + offset));
        touch();
      },
      kept: (kept, ticket) => this.line.keep(kept, ticket),
      told: (waitMs, what) => this.line.told(waitMs, what),
    });
    const frames: FrameWorld = {
      account: (account) => {
        if (account !== me) events.otherAccount(account);
      },
      build: (build) => this.#served(build),
      list: (state) => this.#take(keptOf(state, world.wall())),
      listVersion: (version) => this.#raise(version),
      roomsChanged: () => this.#watch(),
      shed: (shed) => store.set({ shed }),
    };
    const of: Parts = {
      session: this,
      world,
      store,
      http,
      events,
      later,
      touch,
      roomTouched: (room) => this.#touchRoom(room),
      listTouched: () => {
        this.#publisher.touchList();
        this.persist.accountChanged();
        touch();
      },
      heard: (room, event, live) => this.#heard(room, event, live),
    };
    this.people = makePeople(of);
    this.rooms = makeRooms(of);
    this.threads = makeThreads(of);
    this.reading = makeReading(of);
    this.outbox = makeOutbox(of);
    this.uploads = makeUploads(of);
    this.notifications = makeNotifications(of);
    const ahead = new Ahead(world, me);
    this.drafts = new Drafts({
      ...{ keep, ahead, tabs: this.tabs, now: world.wall, later },
      changed: touch,
    });
    this.here = new Here({ me, send, now: world.now, later, changed: touch });
    this.persist = new Persist({
      keep,
      now: world.wall,
      later,
      room: (id) => this.rooms.all.get(id),
      account: () => this.#kept(),
    });
    this.#publisher = new Publisher(this);
    this.tabs.hear((what) => {
      if (what.kind === "signed_out") events.signedOut();
      if (what.kind === "signed_in") this.connection.tell({ kind: "start" });
      if (what.kind === "waits") this.connection.tell(this.line.heard(what));
    });
  }

  /** Shows what is kept, then connects. True: there was something to show. */
  async begin(): Promise<boolean> {
    const [{ account, rooms, threads }] = await Promise.all([
      this.persist.read(),
      // Before the rooms are shown: what is typed into an empty field would replace the draft.
      this.drafts.start(),
    ]);
    if (account !== null) {
      this.#inSyncBefore = account.asOf;
      this.#take(account);
      for (const kept of rooms) {
        const log = this.rooms.all.get(kept.id);
        if (log?.at.epoch === kept.at.epoch) log.restore(kept);
      }
      for (const kept of threads) this.rooms.all.get(kept.room)?.restoreThread(kept);
      for (const id of this.rooms.all.keys()) this.#touchRoom(id);
    }
    await Promise.all([this.outbox.start(), this.reading.start()]);
    this.#store.touch();
    if (!this.#world.page.online()) this.connection.tell({ kind: "offline" });
    if (!this.#world.page.visible()) this.connection.tell({ kind: "hidden" });
    this.connection.restore(this.line.restore());
    this.connection.tell({ kind: "start" });
    return account !== null;
  }

  /** Leaves the connection and writes everything down. */
  async end(): Promise<void> {
    this.connection.tell({ kind: "stop" });
    this.drafts.flush();
    await this.persist.flush();
    this.persist.stop();
    this.#stopped = true;
    this.line.forget();
    this.tabs.close();
    this.keep.close();
  }

  /** A room comes on the screen, or none. */
  show(room: RoomId | null): void {
    this.reading.show(room);
    if (room === null) {
      this.rooms.shown = null;
    } else {
      this.rooms.open(room);
      this.persist.used(room);
    }
    this.#watch();
  }

  /** What the machines have to say since it was last asked. */
  refresh(state: State): Partial<State> {
    return this.#publisher.refresh(state, {
      inSyncBefore: this.#inSyncBefore,
      waiting: this.outbox.waiting(),
      shed: state.shed,
      update: isOther(state.workspace?.build ?? "", this.#world.build),
      missed: { ...this.#missed, atLeast: this.rooms.gaps.size > 0 },
    });
  }

  /** The server serves this build of the app; nothing in the name: none. */
  #served(build: string): void {
    const { workspace } = this.#store.getState();
    if (workspace === null || !build.startsWith(WEB)) return;
    this.#store.set({ workspace: { ...workspace, build: build.slice(WEB.length) } });
  }

  #live(live: boolean): void {
    if (!live) {
      this.outbox.lost();
      this.#missed = { count: 0, room: null };
      this.rooms.gaps.clear();
    }
    this.rooms.setLive(live);
    this.here.live(live);
    if (live) {
      this.outbox.live();
      this.reading.live();
      this.uploads.live();
      this.threads.refresh();
      this.notifications.caughtUp();
      this.#refreshPeople();
    }
    this.persist.accountChanged();
  }

  /** Not at once: when a server comes back, it has better things to do. */
  #refreshPeople(): void {
    if (this.#refreshing) return;
    this.#refreshing = true;
    const wait = PEOPLE_MS_MIN + (PEOPLE_MS * this.#world.random()) / 2 ** 32;
    this.#world.timer(() => {
      this.#refreshing = false;
      if (!this.#stopped && this.connection.isLive) void this.people.refresh();
    }, wait);
  }

  #heard(room: RoomLog, event: Event, live: boolean): void {
    const { id } = room.summary;
    this.reading.heard(id);
    this.here.heard(id, event.from);
    this.notifications.heard(room.summary, event, live);
    if (!live && event.seq > room.summary.read && room.summary.notify !== "none") {
      this.#missed = { count: this.#missed.count + 1, room: this.#missed.room ?? id };
    }
  }

  #take(account: KeptAccount): void {
    this.#account = account;
    this.people.learn([...account.people, account.me]);
    this.rooms.account({ rooms: [...account.rooms] });
    this.reading.impose();
    const workspace = this.#store.getState().workspace ?? unreachedWorkspace;
    this.#store.set({
      phase: "signed_in",
      me: account.me,
      settings: account.settings,
      workspace: { ...workspace, name: account.workspace },
    });
    this.#watch();
    this.persist.accountChanged();
    this.#events.listed();
  }

  /** The account as it stands, for keeping. */
  #kept(): KeptAccount | null {
    if (this.#account === null) return null;
    return {
      ...this.#account,
      me: this.people.all.get(this.me) ?? this.#account.me,
      settings: this.#store.getState().settings,
      rooms: [...this.rooms.all.values()].map((room) => room.summary),
      people: keptPeople(this.people.all),
      asOf: this.connection.isLive ? this.#world.wall() : this.#account.asOf,
    };
  }

  #raise(version: number): void {
    if (this.#account !== null && version > this.#account.version) {
      this.#account = { ...this.#account, version };
    }
  }

  #touchRoom(id: RoomId): void {
    this.#publisher.touchRoom(id);
    this.persist.roomChanged(id);
    this.#store.touch();
  }

  /** The room on the screen, and the people of direct rooms, whose presence the list shows. */
  #watch(): void {
    const direct = [...this.rooms.all.values()]
      .filter((room) => room.summary.room_kind === "direct")
      .sort((a, b) => b.summary.last_at - a.summary.last_at)
      .map((room) => room.summary.id);
    const { shown } = this.rooms;
    this.here.watch(shown === null ? direct : [shown, ...direct]);
  }
}
