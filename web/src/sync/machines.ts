/** Makes the machines of a session that need little of each other. */
import type { RoomId } from "../wire/types.ts";
import type { Http } from "./http.ts";
import type { State } from "./model.ts";
import { newNonce } from "./nonce.ts";
import { Notifications } from "./notifications.ts";
import { Outbox } from "./outbox.ts";
import { Reading } from "./reading.ts";
import type { Session, SessionEvents } from "./session.ts";
import type { Store } from "./store.ts";
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
