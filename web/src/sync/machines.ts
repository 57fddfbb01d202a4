/** Makes the machines of a session that need little of each other. */
import type { Event, RoomId } from "../wire/types.ts";
import type { Http } from "./http.ts";
import type { State } from "./model.ts";
import { newNonce } from "./nonce.ts";
import { Notifications } from "./notifications.ts";
import { Outbox } from "./outbox.ts";
import { People } from "./people.ts";
import { Reading } from "./reading.ts";
import type { RoomLog } from "./roomLog.ts";
import { Rooms } from "./rooms.ts";
import type { Session } from "./session.ts";
import type { SessionEvents } from "./sessionEvents.ts";
import type { Store } from "./store.ts";
import { Threads } from "./threads.ts";
import { Uploads } from "./uploads.ts";
import type { World } from "./world.ts";

/** What they are made of. */
export interface Parts {
  readonly session: Session;
  readonly world: World;
  readonly store: Store<State>;
  readonly http: Http;
  readonly events: SessionEvents;
  readonly later: (run: () => void, ms: number) => void;
  readonly touch: () => void;
  readonly roomTouched: (room: RoomId) => void;
  readonly listTouched: () => void;
  readonly heard: (room: RoomLog, event: Event, live: boolean) => void;
}

export function makePeople({ session, http, later, touch, roomTouched }: Parts): People {
  return new People({
    fetch: (query) => http.people(query),
    later,
    changed: () => {
      // The titles of direct rooms are made of people.
      for (const [id, room] of session.rooms.all) {
        if (room.summary.room_kind === "direct") roomTouched(id);
      }
      session.persist.accountChanged();
      touch();
    },
  });
}

export function makeRooms({ session, world, http, heard, roomTouched, listTouched }: Parts): Rooms {
  return new Rooms(session.me, {
    send: (frame) => session.connection.send(frame),
    lines: (room, query) => http.lines(room, query),
    summaries: () => http.rooms(),
    want: (ids) => session.people.want(ids),
    settled: (nonce) => session.outbox.settled(nonce),
    spoke: (room) => session.reading.spoke(room),
    heard,
    changed: (room) => (room === null ? listTouched() : roomTouched(room)),
    now: world.wall,
  });
}

export function makeThreads({ session, world, http, roomTouched }: Parts): Threads {
  return new Threads({
    rooms: session.rooms,
    http,
    attentive: world.page.attentive,
    changed: roomTouched,
  });
}

export function makeReading({ session, world, later, roomTouched }: Parts): Reading {
  return new Reading({
    room: (id) => session.rooms.all.get(id),
    send: (frame) => session.connection.send(frame),
    keep: session.keep,
    attentive: world.page.attentive,
    later,
    changed: roomTouched,
  });
}

export function makeOutbox({ session, world, events, later, roomTouched }: Parts): Outbox {
  return new Outbox({
    keep: session.keep,
    tabs: session.tabs,
    nonce: newNonce,
    now: world.wall,
    send: (frame) => session.connection.send(frame),
    position: (id) => session.rooms.all.get(id)?.at.seq ?? 0,
    later,
    changed: roomTouched,
    paused: (paused) => session.connection.tell({ kind: "writes", paused }),
    dropped: (why) => events.notice("error", "common.failed", { why: why.message }),
  });
}

export function makeUploads({ session, store, http, later, touch }: Parts): Uploads {
  const filesOf = (draft: string) => session.drafts.all.get(draft)?.files ?? [];
  return new Uploads({
    create: http.createFile,
    offset: http.uploadOffset,
    chunk: http.putChunk,
    drop: http.deleteFile,
    bytesMax: () => store.getState().workspace?.fileBytesMax ?? Number.POSITIVE_INFINITY,
    later,
    done: (draft, file) => session.drafts.write(draft, { files: [...filesOf(draft), file] }),
    removed: (draft, file) => {
      session.drafts.write(draft, { files: filesOf(draft).filter(({ id }) => id !== file.id) });
    },
    changed: touch,
  });
}

export function makeNotifications({ session, world, store, events }: Parts): Notifications {
  return new Notifications({
    me: session.me,
    now: world.wall,
    quietUntil: () => Number(store.getState().settings.do_not_disturb ?? 0) || 0,
    looksAt: (id) => world.page.attentive() && session.rooms.shown === id,
    show: events.note,
  });
}
