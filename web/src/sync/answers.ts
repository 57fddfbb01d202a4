/** What the HTTP API answers, where that is not a word of the protocol already. */
import type {
  AccountId,
  Event,
  FileId,
  FileRef,
  Millis,
  Person,
  Position,
  Role,
  RoomId,
  RoomKind,
  Seq,
  SessionId,
} from "../wire/types.ts";

export type List<T> = readonly T[];

export interface WorkspaceAnswer {
  readonly name: string;
  readonly needs_setup: boolean;
  readonly build: string;
  readonly limits: { readonly text_bytes: number; readonly file_bytes: number };
}

export interface SignedIn {
  readonly account: Person;
  readonly token: string;
}

export interface SessionAnswer {
  readonly id: SessionId;
  readonly device: string;
  readonly created_at: Millis;
  readonly seen_at: Millis;
  readonly current?: boolean;
}

export interface InviteAnswer {
  readonly id: number;
  readonly role: Role;
  readonly rooms?: readonly RoomId[];
  readonly expires_at?: Millis | null;
  readonly uses_left?: number | null;
  readonly token?: string;
}

/** What somebody who holds an invite link is told before accepting. */
export interface InviteOffer {
  readonly workspace: string;
  readonly role: Role;
  readonly rooms: readonly { readonly id: RoomId; readonly name: string }[];
  readonly by?: Person | null;
}

export interface BrowseAnswer {
  readonly id: RoomId;
  readonly name: string;
  readonly topic?: string;
  readonly room_kind: RoomKind;
  readonly archived?: boolean;
  readonly members: number;
  readonly joined?: boolean;
}

/** Lines of a room or of one thread in it, oldest first, with their state at `at`. */
export interface Page {
  readonly lines: readonly Event[];
  readonly more_before: boolean;
  readonly more_after: boolean;
  readonly at: Position;
  readonly people?: readonly Person[];
}

export interface Revision {
  readonly at: Millis;
  readonly text: string;
  readonly by?: AccountId;
}

export interface Posted {
  readonly seq: Seq;
  readonly at: Millis;
  readonly repeated: boolean;
}

/** What a slash command did: something to say to the person alone, or somewhere to go. */
export interface CommandAnswer {
  readonly text?: string;
  readonly room?: RoomId;
}

export interface ThreadAnswer {
  readonly room: RoomId;
  readonly root: Event;
  readonly unread?: boolean;
}

export interface UploadAnswer {
  readonly id: FileId;
  readonly offset: number;
  readonly chunk_bytes_max: number;
}

/** The next offset, or the file once all of it is there. */
export type ChunkAnswer = { readonly offset: number } | FileRef;

export interface SearchAnswer {
  readonly hits: readonly {
    readonly room: RoomId;
    readonly event: Event;
    readonly snippet: string;
  }[];
  readonly next?: string | null;
  readonly people?: readonly Person[];
}
