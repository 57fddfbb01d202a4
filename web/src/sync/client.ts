/**
 * What the rest of the app can ask of the client library: the state to render, and the few verbs
 * that change it. `start.ts` puts the machines behind it together.
 */
import type {
  AccountId,
  Draft,
  FileRef,
  Nonce,
  Notify,
  Person,
  RoomId,
  RoomSummary,
  Seq,
} from "../wire/types.ts";
import type { MadeInvite } from "./answers.ts";
import type { Http } from "./http.ts";
import type { Dialog, DraftText, Notice, Panel, Place, State, Target } from "./model.ts";
import type { Store } from "./store.ts";

export interface Client {
  readonly store: Store<State>;
  readonly http: Http;
  readonly connection: ConnectionVerbs;
  readonly rooms: RoomVerbs;
  readonly threads: ThreadVerbs;
  readonly marks: MarkVerbs;
  readonly outbox: OutboxVerbs;
  readonly drafts: DraftVerbs;
  readonly uploads: UploadVerbs;
  readonly people: PeopleVerbs;
  readonly screen: ScreenVerbs;
  readonly lists: ListVerbs;
  readonly account: AccountVerbs;
  readonly notifications: NotificationVerbs;
}

export interface ConnectionVerbs {
  /** Asks to be let in at once; a slot that was given is kept. */
  readonly tryNow: () => void;
  /** Says that the person is typing here. Call it on every key press; it is sent every 4 s. */
  readonly typing: (room: RoomId, thread: Seq | null) => void;
}

export interface RoomVerbs {
  /** The room comes on the screen: its state is fetched, its presence watched. */
  readonly open: (room: RoomId) => void;
  /** Fetches the page of lines above the first. */
  readonly loadBefore: (room: RoomId) => Promise<void>;
  /** Fetches a page of the hole that ends below `before`. */
  readonly fillHole: (room: RoomId, before: Seq) => Promise<void>;
  /** Makes sure that the lines around `seq` are there. False: there is no such line. */
  readonly loadAround: (room: RoomId, seq: Seq) => Promise<boolean>;
  /** Takes over a room that an answer told of, before its frame comes. */
  readonly learn: (room: RoomSummary) => void;
  /** Drops a room that has been left. */
  readonly forget: (room: RoomId) => void;
  /** Tells which lines are in view: stale ones are fetched again. */
  readonly inView: (room: RoomId, from: Seq, to: Seq) => void;
}

export interface ThreadVerbs {
  readonly open: (room: RoomId, root: Seq) => void;
  readonly loadBefore: (room: RoomId, root: Seq) => Promise<void>;
  readonly follow: (room: RoomId, root: Seq, on: boolean) => Promise<void>;
  /** The newest reply is in view and the page has the focus. */
  readonly readInView: (room: RoomId, root: Seq) => void;
}

export interface MarkVerbs {
  /** The newest line is in view and the page has the focus: all is read. */
  readonly readInView: (room: RoomId) => void;
  /** Read up to the end, and no "new" line any more. */
  readonly readAll: (room: RoomId) => void;
  /** Everything from this message on is unread, on every device. */
  readonly unreadFrom: (room: RoomId, seq: Seq) => void;
}

export interface OutboxVerbs {
  /** Puts a draft on its way. It is kept from here on until it is in its room or discarded. */
  readonly post: (room: RoomId, draft: Draft, files?: readonly FileRef[]) => Nonce;
  readonly retry: (nonce: Nonce) => void;
  readonly discard: (nonce: Nonce) => void;
}

export interface DraftVerbs {
  /** Keeps what is in a composer; nothing in it: forgets it. */
  readonly write: (key: string, draft: Partial<Omit<DraftText, "at">>) => void;
  readonly clear: (key: string) => void;
}

export interface UploadVerbs {
  /** Starts to send a file for the composer `draft`. Returns the key of the upload. */
  readonly add: (draft: string, file: File) => string;
  readonly retry: (key: string) => void;
  readonly remove: (key: string) => void;
}

export interface PeopleVerbs {
  /** Makes sure that these are in `state.people` before long. */
  readonly want: (ids: Iterable<AccountId>) => void;
  /** Takes over what an answer told of people. */
  readonly learn: (people: Iterable<Person>) => void;
  /** People whose name or display name starts like this: those known at once, more from the server. */
  readonly find: (prefix: string) => Promise<readonly AccountId[]>;
}

export interface ScreenVerbs {
  readonly go: (place: Place) => void;
  readonly panel: (panel: Panel | null) => void;
  readonly dialog: (dialog: Dialog | null) => void;
  readonly edit: (target: Target | null) => void;
  /** Says something in passing; `key` is of the catalogue. */
  readonly notice: (
    tone: Notice["tone"],
    key: string,
    values?: Readonly<Record<string, string | number>>,
  ) => void;
  readonly dismiss: (id: number) => void;
}

export interface ListVerbs {
  readonly inbox: () => Promise<void>;
  readonly browse: (query: string) => Promise<void>;
  readonly sessions: () => Promise<void>;
  readonly invites: () => Promise<void>;
  /** Shows an invite that has just been made, with its link. */
  readonly madeInvite: (made: MadeInvite, origin: string) => void;
  readonly search: (query: string) => Promise<void>;
  readonly searchMore: () => Promise<void>;
  readonly endSearch: () => void;
}

export interface AccountVerbs {
  readonly signIn: (name: string, password: string) => Promise<void>;
  readonly setUp: (of: {
    readonly token: string;
    readonly name: string;
    readonly display?: string;
    readonly password: string;
    readonly workspace: string;
  }) => Promise<void>;
  readonly acceptInvite: (
    token: string,
    as: { readonly name: string; readonly display?: string; readonly password?: string },
  ) => Promise<void>;
  /** Ends the session and forgets everything kept on this device, unsent messages included. */
  readonly signOut: () => Promise<void>;
  readonly setting: (key: string, value: string) => Promise<void>;
  readonly roomSettings: (
    room: RoomId,
    change: { readonly notify?: Notify; readonly favourite?: boolean },
  ) => Promise<void>;
}

export interface NotificationVerbs {
  /** Whether the browser lets this page notify: `unsupported` where it has no such thing. */
  readonly permission: () => "granted" | "denied" | "default" | "unsupported";
  readonly ask: () => Promise<void>;
}
