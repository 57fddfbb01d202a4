/** What the HTTP API answers, where that is not a word of the protocol already. */
import type {
  AccountId,
  Event,
  FileId,
  FileRef,
  MemberRole,
  Millis,
  Nonce,
  Person,
  Position,
  Role,
  RoomFacts,
  RoomId,
  Seq,
  SessionId,
} from "../wire/types.ts";

export type List<T> = readonly T[];

export interface WorkspaceAnswer {
  readonly name: string;
  readonly needs_setup: boolean;
  /** The build of the server. */
  readonly build: string;
  /** The build of the web client that it serves; empty: none. */
  readonly client: string;
  readonly limits: {
    readonly text_bytes: number;
    readonly file_bytes: number;
    readonly chunk_bytes: number;
    readonly files_per_message: number;
    readonly password_chars: number;
  };
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
  readonly expires_at: Millis;
  /** The one that asks. */
  readonly this: boolean;
}

export interface InviteAnswer {
  readonly id: number;
  readonly by: AccountId;
  readonly role: Role;
  readonly rooms: readonly RoomId[];
  readonly uses: number;
  readonly uses_max: number;
  readonly created_at: Millis;
  readonly expires_at: Millis;
  readonly note: string;
}

export interface MadeInvite {
  readonly invite: InviteAnswer;
  /** What the link carries. */
  readonly token: string;
}

/** What somebody who holds an invite link is told before accepting. */
export interface InviteOffer {
  readonly workspace: string;
  /** Who invites. */
  readonly by: string;
  readonly role: Role;
  /** The names of the rooms it leads to. */
  readonly rooms: readonly string[];
  readonly expires_at: Millis;
  readonly needs_password: boolean;
}

/** A room as somebody sees it who may not be in it. */
export type RoomAnswer = RoomFacts & { readonly id: RoomId; readonly role?: MemberRole };

export type BrowseAnswer = RoomFacts & {
  readonly id: RoomId;
  readonly members: number;
  readonly last_at: Millis;
  readonly joined: boolean;
};

/** Lines of a room or of one thread in it, oldest first, with their state at `at`. */
export interface Page {
  readonly lines: readonly Event[];
  readonly more_before: boolean;
  readonly more_after: boolean;
  readonly at: Position;
}

export interface Revision {
  /** The event that brought it. */
  readonly seq: Seq;
  readonly at: Millis;
  readonly from: AccountId;
  readonly text: string;
}

export interface Posted {
  readonly nonce: Nonce;
  readonly seq: Seq;
  readonly at: Millis;
  readonly repeated: boolean;
}

/** What a slash command did: something to say to the person alone, or somewhere to go. */
export interface CommandAnswer {
  readonly text?: string;
  readonly room?: RoomId;
  readonly seq?: Seq;
}

export interface ThreadAnswer {
  readonly room: RoomId;
  readonly root: Event;
  /** The last reply. */
  readonly last?: Event;
  /** The last reply read. */
  readonly read: Seq;
  /** Replies of others above it. */
  readonly unread: number;
}

/** Messages that name one, latest first. */
export interface MentionsAnswer {
  readonly mentions: readonly { readonly room: RoomId; readonly event: Event }[];
  readonly next?: string;
}

export interface MadeFile {
  readonly id: FileId;
  readonly name: string;
  readonly offset: number;
  readonly chunk_bytes_max: number;
}

/** How far an upload is; with the file once all of it is there. */
export interface UploadState {
  readonly offset: number;
  readonly size: number;
  readonly file?: FileRef;
}

export interface SearchAnswer {
  readonly hits: readonly {
    readonly room: RoomId;
    readonly event: Event;
    readonly snippet: string;
  }[];
  readonly next?: number;
}

/** An incoming webhook. */
export interface Hook {
  readonly id: number;
  readonly room: RoomId;
  readonly account: AccountId;
  readonly by: AccountId;
  readonly name: string;
  readonly created_at: Millis;
}

/** A slash command as the server lists it. */
export interface ListedCommand {
  readonly name: string;
  readonly usage: string;
  readonly about: string;
}

/** A slash command that is answered elsewhere. */
export interface CustomCommand extends ListedCommand {
  readonly id: number;
  readonly url: string;
}

export interface AuditEntry {
  readonly id: number;
  readonly at: Millis;
  /** Absent: the operator at the command line. */
  readonly by?: AccountId;
  /** Such as `account.disable`. */
  readonly action: string;
  /** Such as `account:7`. */
  readonly subject: string;
  readonly detail: string;
}
