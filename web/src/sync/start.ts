/**
 * Starts the client library on a page and hands out its verbs. The verbs speak to whichever session
 * there is; without one, they do nothing.
 */
import type { RoomId } from "../wire/types.ts";
import type { AccountVerbs, Client } from "./client.ts";
import { Http } from "./http.ts";
import { Life } from "./life.ts";
import { makeLists } from "./lists.ts";
import type { State } from "./model.ts";
import { newNonce } from "./nonce.ts";
import type { Note } from "./notifications.ts";
import { roomPlace } from "./place.ts";
import { Refused } from "./refused.ts";
import { makeScreen } from "./screen.ts";
import type { Session } from "./session.ts";
import { firstState } from "./state.ts";
import { createStore } from "./store.ts";
import type { PageEvent, World } from "./world.ts";

/** The client of a page; `ready` ends once something can be shown. */
export interface Started {
  readonly client: Client;
  readonly ready: Promise<void>;
}

/** The room that was on the screen last. */
const ROOM = "leeward.room";

export function startClient(world: World): Started {
  const http = new Http(world.fetch);
  const store = createStore<State>(firstState(world.page.path()), world.schedule, (state) =>
    life.session === null ? {} : life.session.refresh(state),
  );
  const screen = makeScreen({
    store,
    page: world.page,
    timer: world.timer,
    moved: (state) => follow(state),
  });
  const life = new Life({
    world,
    http,
    store,
    notice: screen.notice,
    note: (note) => world.notify.show(note, () => go(note)),
    arrived: (how) => arrive(how),
  });
  const session = () => life.session;

  /** Tells the session what is on the screen. */
  function follow({ place, panel }: State): void {
    const room = place.page === "room" ? place.room : null;
    session()?.show(room);
    if (panel?.kind === "thread") session()?.threads.open(panel.room, panel.root);
    else session()?.threads.close();
    if (room === null) return;
    world.remember(ROOM, String(room));
    if (place.page === "room" && place.seq !== null) void around(room, place.seq);
  }

  /** Makes sure of the message that the address points at; a reply is shown in its thread. */
  async function around(room: RoomId, seq: number): Promise<void> {
    try {
      if ((await session()?.rooms.loadAround(room, seq)) !== false) return;
      const line = await http.line(room, seq);
      if (line.kind !== "message" || line.thread === undefined) return;
      screen.panel({ kind: "thread", room, root: line.thread });
    } catch (thrown) {
      const { refusal } = Refused.from(thrown);
      if (refusal.code === "not_found") screen.notice("error", "notice.no_message");
    }
  }

  /** Goes to what a note is about. */
  function go(note: Note): void {
    const seq = note.kind === "message" ? note.event.seq : null;
    if (note.room !== null) screen.go(roomPlace(note.room, seq));
  }

  /** The rooms are known: whoever is nowhere in particular goes where they were. */
  function arrive(how: "first" | "in" | "again"): void {
    const { place, sections, rooms } = store.getState();
    const pages = how === "in" ? ["set_up", "sign_in", "invite"] : ["home", "set_up", "sign_in"];
    const nowhere = how !== "again" && pages.includes(place.page);
    if (nowhere && rooms.size > 0) {
      const last = Number(world.remembered(ROOM) ?? 0);
      const first = sections.favourite[0] ?? sections.rooms[0] ?? sections.direct[0];
      const room = rooms.has(last) ? last : first;
      if (room !== undefined) {
        const next = roomPlace(room, null);
        world.page.replace(`/r/${room}`);
        store.set({ place: next });
      }
    }
    follow(store.getState());
  }

  const client: Client = {
    store,
    http,
    screen,
    lists: makeLists(store, http, (events) => session()?.rooms.meet(events)),
    account: makeAccount(life, http, store, world),
    ...sessionVerbs(session),
    notifications: { permission: world.notify.permission, ask: world.notify.ask },
  };
  world.page.on((event) => pageEvent(session(), event));
  return { client, ready: life.begin() };
}

/** The verbs that the session does. */
function sessionVerbs(
  session: () => Session | null,
): Pick<
  Client,
  "connection" | "rooms" | "threads" | "marks" | "outbox" | "drafts" | "uploads" | "people"
> {
  return {
    connection: {
      tryNow: () => session()?.connection.tell({ kind: "try_now" }),
      typing: (room, thread) => session()?.here.typing(room, thread),
    },
    rooms: {
      open: (room) => session()?.show(room),
      loadBefore: (room) => quietly(session()?.rooms.loadBefore(room)),
      fillHole: (room, before) => quietly(session()?.rooms.fillHole(room, before)),
      loadAround: async (room, seq) => (await session()?.rooms.loadAround(room, seq)) ?? false,
      learn: (room) => session()?.rooms.learn(room),
      forget: (room) => session()?.rooms.forget(room),
      inView: (room, from, to) => session()?.rooms.inView(room, from, to),
    },
    threads: {
      open: (room, root) => session()?.threads.open(room, root),
      loadBefore: (room, root) => quietly(session()?.threads.loadBefore(room, root)),
      follow: async (room, root, on) => session()?.threads.follow(room, root, on),
      readInView: (room, root) => session()?.threads.readInView(room, root),
    },
    marks: {
      readInView: (room) => session()?.reading.readInView(room),
      readAll: (room) => session()?.reading.readAll(room),
      unreadFrom: (room, seq) => session()?.reading.unreadFrom(room, seq),
    },
    outbox: {
      post: (room, draft, files) => {
        session()?.here.sent();
        if (draft.kind === "message" && draft.thread != null) {
          session()?.threads.answered(room, draft.thread);
        }
        return session()?.outbox.post(room, draft, files) ?? newNonce();
      },
      retry: (nonce) => session()?.outbox.retry(nonce),
      discard: (nonce) => session()?.outbox.discard(nonce),
    },
    drafts: {
      write: (key, draft) => session()?.drafts.write(key, draft),
      clear: (key) => {
        session()?.drafts.clear(key);
        session()?.uploads.settled(key);
      },
    },
    uploads: {
      add: (draft, file) => session()?.uploads.add(draft, file) ?? "",
      retry: (key) => session()?.uploads.retry(key),
      remove: (key) => session()?.uploads.remove(key),
    },
    people: {
      want: (ids) => session()?.people.want(ids),
      learn: (people) => session()?.people.learn(people),
      find: async (prefix) => (await session()?.people.find(prefix)) ?? [],
    },
  };
}

function makeAccount(life: Life, http: Http, store: Client["store"], world: World): AccountVerbs {
  return {
    signIn: async (name, password) => {
      await life.again(await http.signIn({ name, password, device: world.device }));
    },
    setUp: async (of) => {
      await life.enter(await http.setUp(of));
      const { workspace } = store.getState();
      if (workspace !== null) {
        store.set({ workspace: { ...workspace, name: of.workspace, needsSetup: false } });
      }
    },
    acceptInvite: async (token, as) => {
      await life.enter(await http.acceptInvite(token, as));
    },
    signOut: () => life.signOut(),
    setting: async (key, value) => {
      const before = store.getState().settings;
      store.set({ settings: { ...before, [key]: value } });
      try {
        await http.putSetting(key, value);
      } catch (thrown) {
        if (!Refused.from(thrown).unreachable) store.set({ settings: before });
        throw thrown;
      }
    },
    roomSettings: async (room, change) => {
      life.session?.rooms.learn(await http.roomSettings(room, change));
    },
  };
}

/** What happens to the page, as far as the session is concerned. */
function pageEvent(session: Session | null, event: PageEvent): void {
  if (session === null) return;
  const { connection, here, drafts, persist } = session;
  switch (event) {
    case "visible":
    case "hidden":
    case "offline":
    case "woke":
      connection.tell({ kind: event });
      if (event === "hidden") {
        drafts.flush();
        void persist.flush();
      }
      break;
    case "online":
      connection.tellAtRandom("online");
      break;
    case "active":
      here.say("online");
      break;
    case "idle":
      here.say("away");
      break;
    case "leaving":
      drafts.flush();
      void persist.flush();
      session.tabs.tell({ kind: "gone" });
      break;
  }
}

/** What could not be fetched because there is no connection is fetched when it is scrolled to again. */
async function quietly(work: Promise<void> | undefined): Promise<void> {
  try {
    await work;
  } catch (thrown) {
    if (!Refused.from(thrown).unreachable) throw thrown;
  }
}
