/**
 * The server's HTTP API, one method per route, in its own words. Throws [Refused] and nothing else.
 * Never retries: whoever calls knows whether that is wanted.
 */
import type {
  AccountId,
  AccountState,
  Draft,
  Event,
  FileId,
  FileRef,
  Member,
  MemberRole,
  Nonce,
  Notify,
  Person,
  Refusal,
  Role,
  RoomFacts,
  RoomId,
  RoomKind,
  RoomSummary,
  Seq,
  SessionId,
  Snapshot,
} from "../wire/types.ts";
import type * as answers from "./answers.ts";
import { Refused } from "./refused.ts";

/** The part of `fetch` that is used, so that tests can bring their own. */
export type Fetch = (path: string, init: RequestInit) => Promise<Response>;

/** Longer than any answer takes that is still wanted. */
const ANSWER_MS_MAX = 20_000;
/** A piece of a file on a bad line; what arrived of it is kept. */
const CHUNK_MS_MAX = 120_000;

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE" | "HEAD";
type Query = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** Which lines of a room are wanted. */
export type PageQuery = {
  readonly before?: Seq;
  readonly after?: Seq;
  readonly around?: Seq;
  readonly thread?: Seq;
  readonly limit?: number;
};

export class Http {
  readonly #fetch: Fetch;

  constructor(fetch: Fetch) {
    this.#fetch = fetch;
  }

  // The workspace and how to get in.
  workspace = () => this.#get<answers.WorkspaceAnswer>("/api/v1/workspace");
  setUp = (body: {
    token: string;
    name: string;
    display?: string;
    password: string;
    workspace: string;
  }) => this.#send<answers.SignedIn>("POST", "/api/v1/setup", body);
  signIn = (body: { name: string; password: string; device?: string }) =>
    this.#send<answers.SignedIn>("POST", "/api/v1/sign-in", body);
  signOut = () => this.#send<void>("POST", "/api/v1/sign-out");
  sessions = () => this.#get<answers.List<answers.SessionAnswer>>("/api/v1/sessions");
  endSession = (id: SessionId) => this.#send<void>("DELETE", `/api/v1/sessions/${id}`);

  // Invites.
  invites = () => this.#get<answers.List<answers.InviteAnswer>>("/api/v1/invites");
  createInvite = (body: {
    role?: Role;
    rooms?: readonly RoomId[];
    uses_max?: number;
    hours?: number;
    note?: string;
  }) => this.#send<answers.MadeInvite>("POST", "/api/v1/invites", body);
  revokeInvite = (id: number) => this.#send<void>("DELETE", `/api/v1/invites/${id}`);
  inviteByToken = (token: string) =>
    this.#get<answers.InviteOffer>(`/api/v1/invites/by-token/${encodeURIComponent(token)}`);
  acceptInvite = (token: string, body: { name: string; display?: string; password?: string }) =>
    this.#send<answers.SignedIn>(
      "POST",
      `/api/v1/invites/by-token/${encodeURIComponent(token)}/accept`,
      body,
    );

  // The account.
  me = () => this.#get<AccountState>("/api/v1/me");
  editMe = (body: { display?: string; status?: string }) =>
    this.#send<Person>("PATCH", "/api/v1/me", body);
  changePassword = (body: { current?: string; password: string }) =>
    this.#send<answers.SignedIn>("POST", "/api/v1/me/password", body);
  putSetting = (key: string, value: string) =>
    this.#send<void>("PUT", `/api/v1/me/settings/${encodeURIComponent(key)}`, { value });

  // People.
  people = (query: { ids?: readonly AccountId[]; q?: string }) =>
    this.#get<answers.List<Person>>("/api/v1/people", {
      ids: query.ids?.join(","),
      q: query.q,
    });
  editPerson = (id: AccountId, body: { role?: Role; disabled?: boolean }) =>
    this.#send<Person>("PATCH", `/api/v1/people/${id}`, body);

  // Rooms.
  rooms = () => this.#get<answers.List<RoomSummary>>("/api/v1/rooms");
  browse = (q: string) =>
    this.#get<answers.List<answers.BrowseAnswer>>("/api/v1/rooms/browse", { q });
  createRoom = (body: {
    kind: RoomKind;
    name: string;
    topic?: string;
    members?: readonly AccountId[];
  }) => this.#send<RoomSummary>("POST", "/api/v1/rooms", body);
  directRoom = (people: readonly AccountId[]) =>
    this.#send<RoomSummary>("POST", "/api/v1/rooms/direct", { people });
  room = (room: RoomId) => this.#get<answers.RoomAnswer>(`/api/v1/rooms/${room}`);
  editRoom = (room: RoomId, body: Partial<Omit<RoomFacts, "room_kind">>) =>
    this.#send<answers.RoomAnswer>("PATCH", `/api/v1/rooms/${room}`, body);
  snapshot = (room: RoomId) => this.#get<Snapshot>(`/api/v1/rooms/${room}/snapshot`);
  members = (room: RoomId) => this.#get<answers.List<Member>>(`/api/v1/rooms/${room}/members`);
  putMember = (room: RoomId, who: AccountId, role?: MemberRole) =>
    this.#send<void>(
      "PUT",
      `/api/v1/rooms/${room}/members/${who}`,
      role === undefined ? {} : { role },
    );
  removeMember = (room: RoomId, who: AccountId, ban: boolean) =>
    this.#send<void>("DELETE", `/api/v1/rooms/${room}/members/${who}${ban ? "?ban=true" : ""}`);
  join = (room: RoomId) => this.#send<RoomSummary>("POST", `/api/v1/rooms/${room}/join`);
  leave = (room: RoomId) => this.#send<void>("POST", `/api/v1/rooms/${room}/leave`);

  // History.
  lines = (room: RoomId, query: PageQuery) =>
    this.#get<answers.Page>(`/api/v1/rooms/${room}/lines`, query);
  pins = (room: RoomId) => this.#get<answers.List<Event>>(`/api/v1/rooms/${room}/pins`);
  roomFiles = (room: RoomId, before: Seq | null, limit: number) =>
    this.#get<answers.List<Event>>(`/api/v1/rooms/${room}/files`, { before, limit });
  line = (room: RoomId, seq: Seq) => this.#get<Event>(`/api/v1/rooms/${room}/lines/${seq}`);
  revisions = (room: RoomId, seq: Seq) =>
    this.#get<answers.List<answers.Revision>>(`/api/v1/rooms/${room}/lines/${seq}/revisions`);
  events = (room: RoomId, after: Seq, limit: number) =>
    this.#get<answers.List<Event>>(`/api/v1/rooms/${room}/events`, { after, limit });
  post = (room: RoomId, nonce: Nonce, draft: Draft) =>
    this.#send<answers.Posted>("POST", `/api/v1/rooms/${room}/events`, { nonce, draft });
  command = (room: RoomId, nonce: Nonce, text: string) =>
    this.#send<answers.CommandAnswer>("POST", `/api/v1/rooms/${room}/command`, { nonce, text });

  // Markers and settings of a room.
  read = (room: RoomId, seq: Seq) => this.#send<void>("PUT", `/api/v1/rooms/${room}/read`, { seq });
  roomSettings = (room: RoomId, body: { notify?: Notify; favourite?: boolean }) =>
    this.#send<RoomSummary>("PATCH", `/api/v1/rooms/${room}/settings`, body);
  follow = (room: RoomId, seq: Seq, on: boolean) =>
    this.#send<void>("PUT", `/api/v1/rooms/${room}/threads/${seq}/follow`, { on });
  readThread = (room: RoomId, root: Seq, seq: Seq) =>
    this.#send<void>("PUT", `/api/v1/rooms/${room}/threads/${root}/read`, { seq });
  mentions = (before: string | null) =>
    this.#get<answers.MentionsAnswer>("/api/v1/mentions", { before });
  threads = () => this.#get<answers.List<answers.ThreadAnswer>>("/api/v1/threads");

  // Files.
  createFile = (name: string, size: number) =>
    this.#send<answers.MadeFile>("POST", "/api/v1/files", { name, size });
  uploadOffset = (id: FileId) => this.#get<answers.UploadState>(`/api/v1/files/${id}/upload`);
  putChunk = async (id: FileId, offset: number, bytes: Blob): Promise<answers.UploadState> =>
    this.#answer<answers.UploadState>(
      await this.#ask(`/api/v1/files/${id}`, {
        method: "PATCH",
        body: bytes,
        signal: AbortSignal.timeout(CHUNK_MS_MAX),
        headers: {
          "Upload-Offset": String(offset),
          "Content-Type": "application/octet-stream",
        },
      }),
    );
  deleteFile = (id: FileId) => this.#send<void>("DELETE", `/api/v1/files/${id}`);

  // Webhooks, commands, bots and the audit log.
  hooks = (room: RoomId) => this.#get<answers.List<answers.Hook>>(`/api/v1/rooms/${room}/hooks`);
  createHook = (room: RoomId, name: string) =>
    this.#send<{ hook: answers.Hook; path: string }>("POST", `/api/v1/rooms/${room}/hooks`, {
      name,
    });
  deleteHook = (room: RoomId, id: number) =>
    this.#send<void>("DELETE", `/api/v1/rooms/${room}/hooks/${id}`);
  commands = () => this.#get<answers.List<answers.ListedCommand>>("/api/v1/commands");
  customCommands = () => this.#get<answers.List<answers.CustomCommand>>("/api/v1/commands/custom");
  createCommand = (body: Omit<answers.CustomCommand, "id">) =>
    this.#send<{ secret: string }>("POST", "/api/v1/commands/custom", body);
  deleteCommand = (id: number) => this.#send<void>("DELETE", `/api/v1/commands/custom/${id}`);
  createBot = (body: { name: string; display?: string; role?: Role }) =>
    this.#send<Person>("POST", "/api/v1/bots", body);
  createBotToken = (bot: AccountId, note: string) =>
    this.#send<{ id: number; token: string }>("POST", `/api/v1/bots/${bot}/tokens`, { note });
  audit = (before: number | null) =>
    this.#get<answers.List<answers.AuditEntry>>("/api/v1/audit", { before, limit: 100 });

  search = (q: string, limit: number, before: number | null) =>
    this.#get<answers.SearchAnswer>("/api/v1/search", { q, limit, before });

  #get<T>(path: string, query: Query = {}): Promise<T> {
    const search = new URLSearchParams();
    for (const [key, value] of Object.entries(query)) {
      if (value !== undefined && value !== null) search.set(key, String(value));
    }
    const tail = search.size > 0 ? `?${search}` : "";
    return this.#send("GET", path + tail);
  }

  async #send<T>(method: Method, path: string, body?: object): Promise<T> {
    const headers: Record<string, string> = { Accept: "application/json" };
    if (body !== undefined) headers["Content-Type"] = "application/json";
    const init: RequestInit = { method, headers };
    if (body !== undefined) init.body = JSON.stringify(body);
    return this.#answer(
      await this.#ask(path, { ...init, signal: AbortSignal.timeout(ANSWER_MS_MAX) }),
    );
  }

  async #ask(path: string, init: RequestInit): Promise<Response> {
    try {
      return await this.#fetch(path, { credentials: "same-origin", cache: "no-store", ...init });
    } catch {
      throw Refused.unreachable();
    }
  }

  async #answer<T>(response: Response): Promise<T> {
    let text: string;
    try {
      text = await response.text();
    } catch {
      throw Refused.unreachable();
    }
    const body = parse(text);
    if (response.ok) return body as T;
    throw new Refused(isRefusal(body) ? body : plain(response));
  }
}

/** Where the bytes of a file are. */
export function fileUrl(file: FileRef): string {
  return `/api/v1/files/${file.id}/${encodeURIComponent(file.name)}`;
}

/** Where a small picture of an image is; null where there is none. */
export function thumbnailUrl(file: FileRef): string | null {
  return file.width === undefined ? null : `/api/v1/files/${file.id}/thumbnail`;
}

function parse(text: string): unknown {
  if (text === "") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isRefusal(body: unknown): body is Refusal {
  return typeof body === "object" && body !== null && "code" in body && "then" in body;
}

/** What is known of an error that something between here and the server made up. */
function plain(response: Response): Refusal {
  const passing = response.status >= 500 || response.status === 429;
  return {
    code: "internal",
    message: `${response.status} ${response.statusText}`.trim(),
    then: passing ? "retry" : "give_up",
    ...(passing ? { after_ms: 2000 } : {}),
  };
}
