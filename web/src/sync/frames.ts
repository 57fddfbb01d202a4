/** Hands each frame of the server to the machines of a session that it is for. */
import type { AccountId, AccountState, RoomId, ServerFrame } from "../wire/types.ts";
import type { Session } from "./session.ts";

/** What a frame means for the session as a whole. */
export interface FrameWorld {
  /** Let in as this account. */
  readonly account: (account: AccountId) => void;
  /** The server serves this build. */
  readonly build: (build: string) => void;
  /** The account's own list, whole. */
  readonly list: (state: AccountState) => void;
  /** The list has this version. */
  readonly listVersion: (version: number) => void;
  /** A room came, changed or went. */
  readonly roomsChanged: () => void;
  /** This is late. */
  readonly shed: (what: readonly string[]) => void;
}

/** Takes one frame; those about the connection alone are for the connection. */
export function takeFrame(frame: ServerFrame, session: Session, world: FrameWorld): void {
  const { people, rooms, reading, outbox, here } = session;
  switch (frame.t) {
    case "welcome":
      world.account(frame.account);
      world.build(frame.build);
      break;
    case "account":
      people.learn([...frame.people, frame.me]);
      world.list(frame);
      break;
    case "account_room":
    case "account_room_gone":
      world.listVersion(frame.version);
      rooms.frame(frame);
      reading.impose();
      world.roomsChanged();
      break;
    case "read":
      reading.told(frame.room, frame.seq, frame.mentions);
      break;
    case "person":
      people.learn([frame.person]);
      break;
    case "snapshot":
      people.learn(frame.people);
      rooms.frame(frame);
      reached(session, frame.room);
      break;
    case "delta":
    case "gap":
    case "event":
      rooms.frame(frame);
      reached(session, frame.room);
      break;
    case "posted":
    case "refused":
      outbox.frame(frame);
      break;
    case "presence":
    case "typing":
      here.frame(frame);
      break;
    case "shed":
      world.shed(frame.what);
      break;
    case "caught_up":
    case "parked":
    case "pong":
    case "refuse":
    case "goodbye":
      break;
  }
}

function reached({ rooms, outbox, threads }: Session, id: RoomId): void {
  const room = rooms.all.get(id);
  if (room !== undefined) outbox.reached(id, room.at.seq);
  threads.heard(id);
}
