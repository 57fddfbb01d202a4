/**
 * Everything the views render, as one plain value. The machines beside this file write it; views and
 * actions only read it. Nothing here is changed in place: whatever differs is another object.
 */
import type {
  AccountId,
  Draft,
  Event,
  FileId,
  FileRef,
  Member,
  Millis,
  Nonce,
  Person,
  Position,
  Presence,
  Refusal,
  Role,
  RoomId,
  RoomKind,
  RoomSummary,
  Seq,
  SessionId,
} from "../wire/types.ts";

/** The whole state of the client. */
export interface State {
  /** Where this client stands with the server and its person. */
  readonly phase: Phase;
  /** What anybody may know about the workspace; null until it has been heard of. */
  readonly workspace: Workspace | null;
  /** Whose client this is; null while nobody is signed in. */
  readonly me: Person | null;
  /** What the clients of this account keep with the server: theme, density, do not disturb… */
  readonly settings: Readonly<Record<string, string>>;
  /** The line above the composer. */
  readonly bar: Bar;
  /** What the server sheds for the moment: `presence`, `typing`, `search`. */
  readonly shed: readonly string[];
  /** The account's rooms. */
  readonly rooms: ReadonlyMap<RoomId, Room>;
  /** Those rooms by section, each in the order in which it is shown. */
  readonly sections: Sections;
  /** Threads that have been opened, by [threadKey]. */
  readonly threads: ReadonlyMap<string, Thread>;
  /** The threads this account follows, latest first; null until asked for. */
  readonly inbox: Listing<FollowedThread> | null;
  /** Everybody known. Ask for the rest by `people.want`. */
  readonly people: ReadonlyMap<AccountId, Person>;
  /** Who is online or away; whoever is missing is offline. Empty without a live lease. */
  readonly presence: ReadonlyMap<AccountId, Presence>;
  /** Who is typing. */
  readonly typing: ReadonlyMap<RoomId, readonly Typist[]>;
  /** All that has been written here and is not yet in its room, in the order of writing. */
  readonly outbox: readonly OutboxEntry[];
  /** Unsent text by [draftKey]. */
  readonly drafts: ReadonlyMap<string, DraftText>;
  /** Files on their way, by the key the composer chose. */
  readonly uploads: ReadonlyMap<string, Upload>;
  /** The search that is shown; null when there is none. */
  readonly search: Search | null;
  /** Public rooms one may join; null until asked for. */
  readonly browse: Listing<BrowsedRoom> | null;
  /** Devices that are signed in; null until asked for. */
  readonly sessions: Listing<SessionInfo> | null;
  /** Invite links that are valid; null until asked for. */
  readonly invites: Listing<InviteInfo> | null;
  /** What is on the screen. */
  readonly place: Place;
  /** The one right panel, beside the place. */
  readonly panel: Panel | null;
  /** The message whose text is being changed. */
  readonly editing: Target | null;
  /** The switcher, the help or a question, above everything. */
  readonly dialog: Dialog | null;
  /** Short sentences about what was done or could not be done, latest last. */
  readonly notices: readonly Notice[];
  /** Rooms and messages that want this person, for the title of the page. */
  readonly attention: Attention;
}

export type Phase =
  /** Nothing is known yet, not even from the local store. */
  | "starting"
  /** Nobody is signed in here. */
  | "signed_out"
  /** The workspace has no owner yet. */
  | "set_up"
  /** Somebody is signed in; what is shown may still come from the local store. */
  | "signed_in";

export interface Workspace {
  readonly name: string;
  readonly needsSetup: boolean;
  /** The build of the web app that the server serves; empty: none. */
  readonly build: string;
  /** Longest text of a message, in bytes. */
  readonly textBytesMax: number;
  /** Largest file, in bytes. */
  readonly fileBytesMax: number;
  /** Most files on one message. */
  readonly filesPerMessageMax: number;
  /** Shortest password, in characters. */
  readonly passwordCharsMin: number;
}

/** The connection bar: one truth, the lease and the last position applied. */
export type Bar =
  | { readonly state: "live" }
  /** Lost for less than 3 s: nothing is said. */
  | { readonly state: "blip" }
  | {
      readonly state: "reconnecting";
      readonly inSyncUntil: Millis | null;
      readonly waiting: number;
    }
  /** A slot was given, or the connection is parked. */
  | {
      readonly state: "waiting";
      /** When the turn comes, by this device's clock; where a gate is closed, the next asking. */
      readonly turnAt: Millis;
      /** How many are before, where the server says so. */
      readonly place: number | null;
      readonly why: "turn" | "gate" | "drain";
      /** The operator's words. */
      readonly message: string | null;
      /** The turn was told to be sooner. */
      readonly later: boolean;
      readonly inSyncUntil: Millis | null;
      readonly waiting: number;
    }
  | { readonly state: "offline"; readonly inSyncUntil: Millis | null; readonly waiting: number }
  | { readonly state: "read_only"; readonly waiting: number }
  | { readonly state: "partial"; readonly shed: readonly string[] }
  /** For 4 s after any of the others. */
  | {
      readonly state: "back";
      /** Messages of others that were missed. */
      readonly count: number;
      /** There are more of them than could be counted. */
      readonly atLeast: boolean;
      readonly since: Millis;
      /** The first room with something in it, for "Show". */
      readonly room: RoomId | null;
    }
  | { readonly state: "sign_in"; readonly waiting: number }
  /** Another build is served. Never reloads by itself over unsent text. */
  | { readonly state: "reload"; readonly unsent: number };

/** A room as one sees it. */
export interface Room {
  readonly id: RoomId;
  /** Its facts and this account's markers, kept current by the room's events. */
  readonly summary: RoomSummary;
  /** What to call it: its name, or the people of a direct room. */
  readonly title: string;
  readonly unread: Unread;
  /** The timeline, oldest first: lines, holes, and what is being sent. Empty until opened. */
  readonly items: readonly Item[];
  /** Everything up to here has been applied; null: never opened on this device. */
  readonly at: Position | null;
  /** When it was last in sync; shown with whatever is stale. Null while it is in sync. */
  readonly asOf: Millis | null;
  /** There are older lines than the first item. */
  readonly moreBefore: boolean;
  /** A page of history is on its way for the top of the timeline. */
  readonly loadingBefore: boolean;
  /** The "new" line stands above the first message with a seq above this; null: there is none. */
  readonly newAfter: Seq | null;
  /** Who is in it, as far as listed. */
  readonly members: readonly Member[];
  /** Pinned messages among the lines known, oldest first. */
  readonly pins: readonly Seq[];
  /** The last event that edited, deleted, pinned or unpinned a message, whether that is known or not. */
  readonly changedAt: Seq;
}

export interface Unread {
  /** Bold in the list: there is a message not read. */
  readonly bold: boolean;
  /** The number in the list: messages for me. */
  readonly count: number;
  /** Muted: neither bold nor counted in the title. */
  readonly muted: boolean;
  /** The first message not read, once it is known; its line is what "jump to unread" goes to. */
  readonly first: Seq | null;
}

/** Something with a place in a timeline. `key` stays the same from the first echo for ever. */
export type Item = Line | Hole;

export interface Line {
  readonly kind: "line";
  readonly key: string;
  /** The event with everything folded in, including what this client has asked for and not heard of. */
  readonly event: Event;
  /** Stored by the server, or how far the sending is. `event.seq` is 0 until it is stored. */
  readonly state: "stored" | SendState;
  /** Why it failed. */
  readonly why: Refusal | null;
  /** A change of it (edit, delete, reaction, pin) is on its way. */
  readonly changing: boolean;
}

/** Messages that are not here; `before` and `after` are the lines around it. */
export interface Hole {
  readonly kind: "hole";
  readonly key: string;
  /** The last seq known before it. */
  readonly after: Seq;
  /** The first seq known after it. */
  readonly before: Seq;
  readonly loading: boolean;
}

export type SendState =
  /** Kept here; goes out as soon as it can. */
  | "sending"
  /** Stored by the server; its event is on its way. */
  | "sent"
  /** Refused; listed apart until it is tried again or discarded. */
  | "failed";

export interface OutboxEntry {
  readonly nonce: Nonce;
  readonly room: RoomId;
  readonly draft: Draft;
  /** When it was written, by this device's clock. */
  readonly at: Millis;
  readonly state: SendState;
  readonly why: Refusal | null;
  /** Its place once stored. */
  readonly seq: Seq | null;
  /** The files of the draft, to be shown with the echo. */
  readonly files: readonly FileRef[];
}

export interface Thread {
  readonly room: RoomId;
  /** The seq of the message that starts it. */
  readonly root: Seq;
  /** The root itself, once it is known. */
  readonly first: Line | null;
  /** The replies, oldest first. */
  readonly items: readonly Item[];
  readonly moreBefore: boolean;
  readonly loading: boolean;
  /** Null: not known. */
  readonly followed: boolean | null;
}

export interface FollowedThread {
  readonly room: RoomId;
  readonly root: Event;
  /** The last reply. */
  readonly last: Event | null;
  /** Replies of others that have not been read. */
  readonly unread: number;
}

/** A list that is fetched: what is known, and whether it is being asked for. */
export interface Listing<T> {
  readonly items: readonly T[];
  readonly loading: boolean;
  readonly why: Refusal | null;
}

export interface Typist {
  readonly who: AccountId;
  readonly thread: Seq | null;
}

export interface DraftText {
  readonly text: string;
  readonly files: readonly FileRef[];
  readonly quote: Seq | null;
  readonly alsoRoom: boolean;
  readonly at: Millis;
}

export interface Upload {
  readonly key: string;
  /** The composer it belongs to, by [draftKey]. */
  readonly draft: string;
  readonly name: string;
  readonly size: number;
  /** Bytes that the server has. */
  readonly sent: number;
  readonly state: "waiting" | "sending" | "done" | "failed";
  readonly file: FileRef | null;
  readonly id: FileId | null;
  readonly why: Refusal | null;
}

export interface Search {
  readonly query: string;
  readonly hits: readonly SearchHit[];
  readonly loading: boolean;
  readonly why: Refusal | null;
  /** Ask with this for older hits; null: there are none. */
  readonly next: number | null;
}

export interface SearchHit {
  readonly room: RoomId;
  readonly event: Event;
  /** The part of the text around the match, on one line; plain text. */
  readonly snippet: string;
}

export interface BrowsedRoom {
  readonly id: RoomId;
  readonly name: string;
  readonly topic: string;
  readonly kind: RoomKind;
  readonly members: number;
  readonly joined: boolean;
  readonly archived: boolean;
}

export interface SessionInfo {
  readonly id: SessionId;
  readonly device: string;
  readonly createdAt: Millis;
  readonly seenAt: Millis;
  readonly expiresAt: Millis;
  readonly current: boolean;
}

export interface InviteInfo {
  readonly id: number;
  readonly role: Role;
  readonly rooms: readonly RoomId[];
  readonly by: AccountId;
  readonly expiresAt: Millis;
  readonly uses: number;
  readonly usesMax: number;
  readonly note: string;
  /** The whole link; given only when it has just been made. */
  readonly link: string | null;
}

export interface Sections {
  readonly favourite: readonly RoomId[];
  readonly rooms: readonly RoomId[];
  readonly direct: readonly RoomId[];
  readonly archived: readonly RoomId[];
}

export type Place =
  | { readonly page: "home" }
  | { readonly page: "set_up" }
  | { readonly page: "sign_in" }
  | { readonly page: "invite"; readonly token: string }
  | {
      readonly page: "room";
      readonly room: RoomId;
      /** The message a permalink or a jump points at; null: the newest, or the first not read. */
      readonly seq: Seq | null;
      /** Raised by every jump, so that jumping to the same place twice scrolls twice. */
      readonly jump: number;
      readonly tab: "chat" | "files" | "pins";
    }
  | { readonly page: "inbox" }
  | { readonly page: "outbox" }
  | { readonly page: "browse" }
  | { readonly page: "people" }
  | { readonly page: "settings"; readonly section: string };

export type Panel =
  | { readonly kind: "thread"; readonly room: RoomId; readonly root: Seq }
  | { readonly kind: "members" }
  | { readonly kind: "details" }
  | { readonly kind: "search" };

export type Dialog =
  | { readonly kind: "switcher" }
  | { readonly kind: "help" }
  | { readonly kind: "create_room" }
  | { readonly kind: "invite"; readonly room: RoomId | null }
  | { readonly kind: "status" }
  /** Choose a reaction for a message. */
  | { readonly kind: "emoji"; readonly room: RoomId; readonly seq: Seq }
  /** "Really?": the action runs again with `sure`. */
  | { readonly kind: "confirm"; readonly action: string; readonly args: unknown }
  | { readonly kind: "revisions"; readonly room: RoomId; readonly seq: Seq };

/** A message. */
export interface Target {
  readonly room: RoomId;
  readonly seq: Seq;
}

export interface Notice {
  readonly id: number;
  readonly tone: "info" | "error" | "answer";
  /** A key of the catalogue, with its values. */
  readonly key: string;
  readonly values: Readonly<Record<string, string | number>>;
}

export interface Attention {
  /** Messages for me, over all rooms that are not muted. */
  readonly count: number;
  /** Some room is bold. */
  readonly bold: boolean;
}

export function threadKey(room: RoomId, root: Seq): string {
  return `${room}/${root}`;
}

export function draftKey(room: RoomId, thread: Seq | null = null): string {
  return thread === null ? `${room}` : `${room}/${thread}`;
}
