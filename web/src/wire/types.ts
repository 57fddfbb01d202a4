// Generated from crates/leeward-core; do not edit.
export type AccountId = number;
export type RoomId = number;
export type FileId = number;
export type SessionId = number;
export type Seq = number;
export type Epoch = number;
export type Millis = number;
export type Nonce = string;
export type Position = { epoch: Epoch; seq: Seq };

export type Draft =
  | { kind: "message"; text: string; thread?: Seq | null; also_room?: boolean; files?: Array<FileId>; quote?: Seq | null }
  | { kind: "edit"; target: Seq; text: string }
  | { kind: "delete"; target: Seq }
  | { kind: "react"; target: Seq; emoji: string; on: boolean }
  | { kind: "pin"; target: Seq; on: boolean };

export type Event = { seq: Seq; at: Millis; from: AccountId; nonce?: Nonce } & What;

export type What =
  | ({ kind: "message" } & Message)
  | { kind: "edit"; target: Seq; text: string; mentions?: Array<AccountId> }
  | { kind: "delete"; target: Seq }
  | { kind: "react"; target: Seq; emoji: string; on: boolean }
  | { kind: "pin"; target: Seq; on: boolean }
  | { kind: "join"; who: AccountId; role: MemberRole }
  | { kind: "leave"; who: AccountId; banned?: boolean }
  | { kind: "role"; who: AccountId; role: MemberRole }
  | ({ kind: "room" } & RoomFacts);

export type Message = {
  text: string;
  thread?: Seq;
  also_room?: boolean;
  files?: Array<FileRef>;
  quote?: Seq;
  mentions?: Array<AccountId>;
  mentions_room?: boolean;
  name?: string;
  edited_at?: Millis;
  deleted?: boolean;
  reactions?: Array<Reaction>;
  replies?: Replies;
  pinned?: boolean;
};
export type Reaction = { emoji: string; by: Array<AccountId> };
export type Replies = { count: number; last: Seq; last_at: Millis };
export type FileRef = { id: FileId; name: string; mime: string; size: number; width?: number; height?: number };

export type RoomKind = "public" | "private" | "direct";
export type MemberRole = "muted" | "member" | "moderator";
export type RoomFacts = { room_kind: RoomKind; name: string; topic?: string; archived?: boolean; read_only?: boolean };
export type Notify = "all" | "mentions" | "none";
export type RoomSummary = {
  id: RoomId;
  epoch: Epoch;
  head: Seq;
  last_message: Seq;
  last_at: Millis;
  read: Seq;
  mentions: number;
  role: MemberRole;
  notify: Notify;
  favourite?: boolean;
  with?: Array<AccountId>;
  members: number;
} & RoomFacts;
export type Member = { account: AccountId; role: MemberRole };

export type Role = "guest" | "member" | "moderator" | "admin" | "owner";
export type Person = { id: AccountId; name: string; display: string; role: Role; bot?: boolean; disabled?: boolean; status?: string };

export type Then = "give_up" | "retry" | "sign_in" | "reload";
export type Code =
  | "bad_request" | "too_long" | "not_found" | "forbidden" | "read_only" | "muted" | "archived" | "deleted"
  | "conflict" | "too_many" | "unsupported" | "wrong_password" | "rate_limited" | "store_busy" | "store_full"
  | "internal" | "sign_in" | "banned" | "stale_build" | "bad_frame" | "too_big" | "bad_origin" | "replaced"
  | "signed_out" | "full" | "gate" | "drain" | "slow" | "lease_expired" | "hello_timeout";
export type Refusal = { code: Code; message: string; then: Then; after_ms?: number };

export type Presence = "online" | "away" | "offline";
export type Lease = { ping_ms: number; lease_ms: number; spread_ms: number };
export type Hello = { ticket?: string; token?: string; build: string; account_version: number; positions: Array<[RoomId, Epoch, Seq]> };

export type ClientFrame =
  | ({ t: "hello" } & Hello)
  | { t: "post"; room: RoomId; nonce: Nonce; draft: Draft }
  | { t: "read"; room: RoomId; seq: Seq }
  | { t: "typing"; room: RoomId; thread?: Seq }
  | { t: "watch"; rooms: Array<RoomId> }
  | { t: "open"; room: RoomId }
  | { t: "presence"; state: Presence }
  | { t: "ping"; n: number; hidden?: boolean };

export type AccountState = {
  version: number;
  me: Person;
  workspace: string;
  rooms: Array<RoomSummary>;
  settings: { [key in string]?: string };
  people: Array<Person>;
};
export type Snapshot = {
  room: RoomId;
  at: Position;
  facts: RoomFacts;
  members: Array<Member>;
  members_total: number;
  people: Array<Person>;
  lines: Array<Event>;
  more: boolean;
};
export type RoomSettings = { notify: Notify | null; favourite: boolean | null };

export type ServerFrame =
  | { t: "welcome"; session: SessionId; account: AccountId; ticket: string; lease: Lease; now: Millis; resumed: boolean; build: string }
  | ({ t: "account" } & AccountState)
  | { t: "account_room"; version: number; room: RoomSummary }
  | { t: "account_room_gone"; version: number; room: RoomId }
  | { t: "read"; room: RoomId; seq: Seq; mentions: number }
  | { t: "delta"; room: RoomId; epoch: Epoch; events: Array<Event> }
  | { t: "gap"; room: RoomId; head: Position }
  | { t: "caught_up"; now: Millis }
  | { t: "event"; room: RoomId; event: Event }
  | ({ t: "snapshot" } & Snapshot)
  | { t: "posted"; nonce: Nonce; room: RoomId; seq: Seq; at: Millis }
  | ({ t: "refused"; nonce?: Nonce; room?: RoomId } & Refusal)
  | { t: "presence"; room: RoomId; people: Array<[AccountId, Presence]>; whole?: boolean }
  | { t: "typing"; room: RoomId; who: AccountId; thread?: Seq }
  | { t: "person"; person: Person }
  | { t: "shed"; what: Array<string> }
  | { t: "parked"; place: number; wait_ms: number }
  | { t: "pong"; n: number; lease: Lease }
  | ({ t: "refuse"; slot?: string } & Refusal)
  | ({ t: "goodbye" } & Refusal);
