// Generated from crates/leeward-core by its tests; do not edit.

/**
 * A person, a guest or a bot.
 */
export type AccountId = number;

/**
 * A place where messages go.
 */
export type RoomId = number;

/**
 * An uploaded file.
 */
export type FileId = number;

/**
 * A resumable attachment of one device of one account.
 */
export type SessionId = number;

/**
 * The place of an event in one room's log: 1, 2, 3… without holes.
 */
export type Seq = number;

/**
 * Which history a [`Seq`] belongs to: raised when a backup is restored.
 */
export type Epoch = number;

/**
 * Where a reader stands in one room.
 */
export type Position = { 
/**
 * The history that `seq` belongs to.
 */
epoch: Epoch, 
/**
 * The last event applied; 0 before the first.
 */
seq: Seq, };

/**
 * Wall-clock time: milliseconds since 1970-01-01T00:00:00Z.
 */
export type Millis = number;

/**
 * What a client calls a draft before the server has stored it: 1 to 64 visible ASCII characters,
 * unique per sender for ever.
 */
export type Nonce = string;

/**
 * What a client asks to have appended to a room's log.
 */
export type Draft = { "kind": "message", 
/**
 * Markdown source, at most [`crate::limits::TEXT_BYTES_MAX`]; may be empty when files are attached.
 */
text: string, 
/**
 * The message that starts the thread this one belongs to.
 */
thread?: Seq | null, 
/**
 * A reply that is also shown in the room itself.
 */
also_room?: boolean, 
/**
 * Files uploaded beforehand by the same account.
 */
files?: Array<FileId>, 
/**
 * The message quoted.
 */
quote?: Seq | null, } | { "kind": "edit", 
/**
 * The message.
 */
target: Seq, 
/**
 * The text that takes its place.
 */
text: string, } | { "kind": "delete", 
/**
 * The message.
 */
target: Seq, } | { "kind": "react", 
/**
 * The message.
 */
target: Seq, 
/**
 * A short name without colons, such as `tada`, or the emoji itself.
 */
emoji: string, 
/**
 * On or off.
 */
on: boolean, } | { "kind": "pin", 
/**
 * The message.
 */
target: Seq, 
/**
 * On or off.
 */
on: boolean, };

/**
 * One entry of a room's log.
 */
export type Event = { 
/**
 * Its place.
 */
seq: Seq, 
/**
 * When the server stored it.
 */
at: Millis, 
/**
 * Who did it.
 */
from: AccountId, 
/**
 * What the author's client called it.
 */
nonce?: Nonce, } & ({ "kind": "message" } & Message | { "kind": "edit", 
/**
 * The message.
 */
target: Seq, 
/**
 * Its text from here on.
 */
text: string, 
/**
 * Whom the text mentions from here on.
 */
mentions?: Array<AccountId>, } | { "kind": "delete", 
/**
 * The message.
 */
target: Seq, } | { "kind": "react", 
/**
 * The message.
 */
target: Seq, 
/**
 * The reaction.
 */
emoji: string, 
/**
 * On or off.
 */
on: boolean, } | { "kind": "pin", 
/**
 * The message.
 */
target: Seq, 
/**
 * On or off.
 */
on: boolean, } | { "kind": "join", 
/**
 * Who.
 */
who: AccountId, 
/**
 * What they may do here.
 */
role: MemberRole, } | { "kind": "leave", 
/**
 * Who.
 */
who: AccountId, 
/**
 * Removed for good.
 */
banned?: boolean, } | { "kind": "role", 
/**
 * Who.
 */
who: AccountId, 
/**
 * What they may do from here on.
 */
role: MemberRole, } | { "kind": "room" } & RoomFacts);

/**
 * What an [`Event`] says.
 */
export type What = { "kind": "message" } & Message | { "kind": "edit", 
/**
 * The message.
 */
target: Seq, 
/**
 * Its text from here on.
 */
text: string, 
/**
 * Whom the text mentions from here on.
 */
mentions?: Array<AccountId>, } | { "kind": "delete", 
/**
 * The message.
 */
target: Seq, } | { "kind": "react", 
/**
 * The message.
 */
target: Seq, 
/**
 * The reaction.
 */
emoji: string, 
/**
 * On or off.
 */
on: boolean, } | { "kind": "pin", 
/**
 * The message.
 */
target: Seq, 
/**
 * On or off.
 */
on: boolean, } | { "kind": "join", 
/**
 * Who.
 */
who: AccountId, 
/**
 * What they may do here.
 */
role: MemberRole, } | { "kind": "leave", 
/**
 * Who.
 */
who: AccountId, 
/**
 * Removed for good.
 */
banned?: boolean, } | { "kind": "role", 
/**
 * Who.
 */
who: AccountId, 
/**
 * What they may do from here on.
 */
role: MemberRole, } | { "kind": "room" } & RoomFacts;

/**
 * A message. Fields below `name` are its state as of the time it is read: a live event carries none
 * of them, an entry of a snapshot or of a page of history carries all that later events have done.
 */
export type Message = { 
/**
 * Markdown source; empty once deleted.
 */
text: string, 
/**
 * The message that starts its thread.
 */
thread?: Seq, 
/**
 * A reply that is also shown in the room itself.
 */
also_room?: boolean, 
/**
 * Attached files.
 */
files?: Array<FileRef>, 
/**
 * The message quoted.
 */
quote?: Seq, 
/**
 * Accounts named in the text.
 */
mentions?: Array<AccountId>, 
/**
 * The whole room is named in the text (`@room`).
 */
mentions_room?: boolean, 
/**
 * The name an integration gave itself for this message.
 */
name?: string, 
/**
 * When the text was last replaced.
 */
edited_at?: Millis, 
/**
 * Taken back.
 */
deleted?: boolean, 
/**
 * Reactions, in the order in which each was first put on.
 */
reactions?: Array<Reaction>, 
/**
 * The thread it starts.
 */
replies?: Replies, 
/**
 * Pinned to the room.
 */
pinned?: boolean, };

/**
 * One reaction on a message and who gave it.
 */
export type Reaction = { 
/**
 * A short name without colons, or the emoji itself.
 */
emoji: string, 
/**
 * Who, in the order in which they gave it.
 */
by: Array<AccountId>, };

/**
 * The thread below a message. A reply whose seq is not above `last` is counted already.
 */
export type Replies = { 
/**
 * How many.
 */
count: number, 
/**
 * The last of them.
 */
last: Seq, 
/**
 * When it was sent.
 */
last_at: Millis, };

/**
 * A file as a message shows it. Its bytes are at `/api/v1/files/{id}`.
 */
export type FileRef = { 
/**
 * Which file.
 */
id: FileId, 
/**
 * The name it was uploaded under, without any path.
 */
name: string, 
/**
 * Its media type, as sniffed by the server.
 */
mime: string, 
/**
 * Its size in bytes.
 */
size: number, 
/**
 * Width in pixels, of an image that has a thumbnail at `/api/v1/files/{id}/thumbnail`.
 */
width?: number, 
/**
 * Height in pixels.
 */
height?: number, };

/**
 * Who can find and enter a room.
 */
export type RoomKind = "public" | "private" | "direct";

/**
 * What somebody may do in one room.
 */
export type MemberRole = "muted" | "member" | "moderator";

/**
 * A room's own facts.
 */
export type RoomFacts = { 
/**
 * Who can find and enter it.
 */
room_kind: RoomKind, 
/**
 * Lower-case name without `#`, unique among rooms that are not direct; empty for direct rooms.
 */
name: string, 
/**
 * What it is about.
 */
topic?: string, 
/**
 * Kept for reading only, hidden from the list.
 */
archived?: boolean, 
/**
 * Only moderators write.
 */
read_only?: boolean, };

/**
 * When somebody wants to be told about a room.
 */
export type Notify = "all" | "mentions" | "none";

/**
 * One room as one account sees it in its list.
 */
export type RoomSummary = { 
/**
 * Which room.
 */
id: RoomId, 
/**
 * The history its positions belong to.
 */
epoch: Epoch, 
/**
 * The last event in its log.
 */
head: Seq, 
/**
 * The last message in its log; unread when above `read`.
 */
last_message: Seq, 
/**
 * When that was stored.
 */
last_at: Millis, 
/**
 * How far this account has read, on any device.
 */
read: Seq, 
/**
 * Messages above `read` that name this account; in a direct room, all that others sent.
 */
mentions: number, 
/**
 * What this account may do here.
 */
role: MemberRole, 
/**
 * When it wants to be told.
 */
notify: Notify, 
/**
 * Kept at the top of the list.
 */
favourite?: boolean, 
/**
 * The other people of a direct room.
 */
with?: Array<AccountId>, 
/**
 * How many people are in it.
 */
members: number, 
/**
 * Who can find and enter it.
 */
room_kind: RoomKind, 
/**
 * Lower-case name without `#`, unique among rooms that are not direct; empty for direct rooms.
 */
name: string, 
/**
 * What it is about.
 */
topic?: string, 
/**
 * Kept for reading only, hidden from the list.
 */
archived?: boolean, 
/**
 * Only moderators write.
 */
read_only?: boolean, };

/**
 * Somebody in a room.
 */
export type Member = { 
/**
 * Who.
 */
account: AccountId, 
/**
 * What they may do here.
 */
role: MemberRole, };

/**
 * What an account may do in the whole workspace, least first.
 */
export type Role = "guest" | "member" | "moderator" | "admin" | "owner";

/**
 * An account as others see it.
 */
export type Person = { 
/**
 * Which account.
 */
id: AccountId, 
/**
 * What is typed after `@`: unique, 1 to 32 of `a–z 0–9 . _ -`, beginning and ending with a letter
 * or digit.
 */
name: string, 
/**
 * What is shown; never empty.
 */
display: string, 
/**
 * What they may do.
 */
role: Role, 
/**
 * A program.
 */
bot?: boolean, 
/**
 * May not sign in any more.
 */
disabled?: boolean, 
/**
 * What they say they are doing.
 */
status?: string, };

/**
 * What a client should do about a refusal.
 */
export type Then = "give_up" | "retry" | "sign_in" | "reload";

/**
 * Why something was refused.
 */
export type Code = "bad_request" | "too_long" | "not_found" | "forbidden" | "read_only" | "muted" | "archived" | "deleted" | "conflict" | "too_many" | "unsupported" | "wrong_password" | "rate_limited" | "store_busy" | "store_full" | "internal" | "sign_in" | "banned" | "stale_build" | "bad_frame" | "too_big" | "bad_origin" | "replaced" | "signed_out" | "full" | "gate" | "drain" | "slow" | "lease_expired" | "hello_timeout";

/**
 * A refusal as it stands on the wire, in a frame or in the body of an HTTP answer.
 */
export type Refusal = { 
/**
 * Why.
 */
code: Code, 
/**
 * The same in words, naming the field and the limit where there is one.
 */
message: string, 
/**
 * What to do about it.
 */
then: Then, 
/**
 * When `then` is `retry`: not before so many milliseconds have passed.
 */
after_ms?: number, };

/**
 * What a client sends.
 */
export type ClientFrame = { "t": "hello" } & Hello | { "t": "post", 
/**
 * Where.
 */
room: RoomId, 
/**
 * What the client calls it; repeating it repeats the answer, never the deed.
 */
nonce: Nonce, 
/**
 * What.
 */
draft: Draft, } | { "t": "read", 
/**
 * Where.
 */
room: RoomId, 
/**
 * The last event read. May go down: "mark unread from here".
 */
seq: Seq, } | { "t": "typing", 
/**
 * Where.
 */
room: RoomId, 
/**
 * In which thread.
 */
thread?: Seq, } | { "t": "watch", 
/**
 * At most [`limits::WATCHED_ROOMS_MAX`].
 */
rooms: Array<RoomId>, } | { "t": "open", 
/**
 * Which.
 */
room: RoomId, } | { "t": "presence", 
/**
 * Here or away; "offline" is the absence of a live lease.
 */
state: Presence, } | { "t": "ping", 
/**
 * Returned as it came.
 */
n: number, 
/**
 * The page is hidden, so that its timers are slow: grant a long lease.
 */
hidden?: boolean, };

/**
 * The first frame of a connection.
 */
export type Hello = { 
/**
 * The ticket of the last `welcome`: resume.
 */
ticket?: string, 
/**
 * A sign-in token. A browser leaves it out: its cookie came with the upgrade.
 */
token?: string, 
/**
 * The place that an earlier `refuse` or `goodbye` kept for this client.
 */
slot?: string, 
/**
 * Name and version of the client, such as `web/0.1.0+3f2a`.
 */
build: string, 
/**
 * The `version` of the last `account` or `account_room` frame; 0 for none.
 */
account_version: number, 
/**
 * The last event applied, for each room known.
 */
positions?: Array<[RoomId, Epoch, Seq]>, };

/**
 * Whether somebody is at their screen.
 */
export type Presence = "online" | "away" | "offline";

/**
 * How long a connection may be silent, as granted to it.
 */
export type Lease = { 
/**
 * The client sends something at least so often, in milliseconds.
 */
ping_ms: number, 
/**
 * Either end gives the connection up after so many milliseconds of silence.
 */
lease_ms: number, 
/**
 * If the connection is lost without a word, the first attempt comes at a random moment within so
 * many milliseconds.
 */
spread_ms: number, };

/**
 * What the server sends.
 */
export type ServerFrame = { "t": "welcome", 
/**
 * The session, for as long as it is resumed.
 */
session: SessionId, 
/**
 * Whose it is.
 */
account: AccountId, 
/**
 * What to resume with; replaces the one before.
 */
ticket: string, 
/**
 * How long to be silent.
 */
lease: Lease, 
/**
 * The server's wall clock.
 */
now: Millis, 
/**
 * The session went on; false after a sign-in.
 */
resumed: boolean, 
/**
 * The build of the web app that this server serves.
 */
build: string, } | { "t": "account" } & AccountState | { "t": "account_room", 
/**
 * The list's version with this change.
 */
version: number, 
/**
 * The room as it stands.
 */
room: RoomSummary, } | { "t": "account_room_gone", 
/**
 * The list's version with this change.
 */
version: number, 
/**
 * Which.
 */
room: RoomId, } | { "t": "read", 
/**
 * The list's version with this change.
 */
version: number, 
/**
 * Where.
 */
room: RoomId, 
/**
 * The last event read.
 */
seq: Seq, 
/**
 * Messages above it that name the account.
 */
mentions: number, } | { "t": "delta", 
/**
 * Where.
 */
room: RoomId, 
/**
 * The history it belongs to.
 */
epoch: Epoch, 
/**
 * In order, without holes.
 */
events: Array<Event>, } | { "t": "gap", 
/**
 * Where.
 */
room: RoomId, 
/**
 * Up to where it can see.
 */
head: Position, } | { "t": "caught_up", 
/**
 * The server's wall clock.
 */
now: Millis, } | { "t": "event", 
/**
 * Where.
 */
room: RoomId, 
/**
 * What. Its seq is one above the last in this room.
 */
event: Event, } | { "t": "snapshot" } & Snapshot | { "t": "posted", 
/**
 * Which.
 */
nonce: Nonce, 
/**
 * Where.
 */
room: RoomId, 
/**
 * Its place.
 */
seq: Seq, 
/**
 * When.
 */
at: Millis, } | { "t": "refused", 
/**
 * Which post, if it was one.
 */
nonce?: Nonce, 
/**
 * In which room.
 */
room?: RoomId, 
/**
 * Why.
 */
code: Code, 
/**
 * The same in words, naming the field and the limit where there is one.
 */
message: string, 
/**
 * What to do about it.
 */
then: Then, 
/**
 * When `then` is `retry`: not before so many milliseconds have passed.
 */
after_ms?: number, } | { "t": "presence", 
/**
 * Where.
 */
room: RoomId, 
/**
 * Each account that changed, and to what. Whoever is not named in the first is offline.
 */
people: Array<[AccountId, Presence]>, 
/**
 * The first since `watch`: forget what was known.
 */
whole?: boolean, } | { "t": "typing", 
/**
 * Where.
 */
room: RoomId, 
/**
 * Who.
 */
who: AccountId, 
/**
 * In which thread.
 */
thread?: Seq, } | { "t": "person", 
/**
 * Them.
 */
person: Person, } | { "t": "shed", 
/**
 * Names of features.
 */
what: Array<string>, } | { "t": "parked", 
/**
 * How many of its kind are before.
 */
place: number, 
/**
 * The estimated wait, in milliseconds.
 */
wait_ms: number, 
/**
 * What the operator says meanwhile, in words for people.
 */
message?: string, } | { "t": "pong", 
/**
 * As it came.
 */
n: number, 
/**
 * From here on.
 */
lease: Lease, } | { "t": "refuse", 
/**
 * The place kept for this client; presented in the next `hello`.
 */
slot?: string, 
/**
 * Why.
 */
code: Code, 
/**
 * The same in words, naming the field and the limit where there is one.
 */
message: string, 
/**
 * What to do about it.
 */
then: Then, 
/**
 * When `then` is `retry`: not before so many milliseconds have passed.
 */
after_ms?: number, } | { "t": "goodbye", 
/**
 * The place kept for this client, in a planned drain; presented in the next `hello`.
 */
slot?: string, 
/**
 * Why.
 */
code: Code, 
/**
 * The same in words, naming the field and the limit where there is one.
 */
message: string, 
/**
 * What to do about it.
 */
then: Then, 
/**
 * When `then` is `retry`: not before so many milliseconds have passed.
 */
after_ms?: number, };

/**
 * An account's own list of rooms and settings.
 */
export type AccountState = { 
/**
 * Raised by every change of what is below.
 */
version: number, 
/**
 * The account.
 */
me: Person, 
/**
 * The workspace's name.
 */
workspace: string, 
/**
 * Its rooms.
 */
rooms: Array<RoomSummary>, 
/**
 * What the clients of this account keep with the server, such as the theme.
 */
settings: { [key in string]: string }, 
/**
 * The people of those rooms, up to a few hundred; others are at `/api/v1/people`.
 */
people: Array<Person>, };

/**
 * A room's state at a position.
 */
export type Snapshot = { 
/**
 * Which room.
 */
room: RoomId, 
/**
 * All up to here has been applied.
 */
at: Position, 
/**
 * Its facts.
 */
facts: RoomFacts, 
/**
 * Who is in it, up to [`limits::SNAPSHOT_MEMBERS_MAX`].
 */
members: Array<Member>, 
/**
 * How many are in it.
 */
members_total: number, 
/**
 * The people named in this frame.
 */
people: Array<Person>, 
/**
 * The newest lines of its timeline, in order, with their state at `at`.
 */
lines: Array<Event>, 
/**
 * There are older lines.
 */
more: boolean, };

/**
 * Settings of one room for one account.
 */
export type RoomSettings = { 
/**
 * When to be told; left out: as before.
 */
notify?: Notify, 
/**
 * At the top of the list; left out: as before.
 */
favourite?: boolean, };
