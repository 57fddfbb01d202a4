// Generated from crates/leeward-core by its tests; do not edit.
import type { Code, Then } from "./types.ts";

/** One row of the table of refusals. */
export interface CodeFacts {
  /** WebSocket close code; 0 where the connection goes on. */
  readonly close: number;
  readonly http: number;
  readonly then: Then;
  /** Milliseconds to wait, where `then` is `retry` and the refusal says nothing else. */
  readonly afterMs: number;
  readonly meaning: string;
}

/** Why the server refuses, and what to do about it. */
export const CODES: Readonly<Record<Code, CodeFacts>> = {
  bad_request: {
    close: 0,
    http: 400,
    then: "give_up",
    afterMs: 0,
    meaning: "the request is not of the documented form",
  },
  too_long: {
    close: 0,
    http: 413,
    then: "give_up",
    afterMs: 0,
    meaning: "a text, name or file is longer than its limit",
  },
  not_found: {
    close: 0,
    http: 404,
    then: "give_up",
    afterMs: 0,
    meaning: "there is no such thing, or you may not see it",
  },
  forbidden: {
    close: 0,
    http: 403,
    then: "give_up",
    afterMs: 0,
    meaning: "your role does not allow this",
  },
  read_only: {
    close: 0,
    http: 403,
    then: "give_up",
    afterMs: 0,
    meaning: "only moderators write in this room",
  },
  muted: {
    close: 0,
    http: 403,
    then: "give_up",
    afterMs: 0,
    meaning: "a moderator has muted you in this room",
  },
  archived: {
    close: 0,
    http: 409,
    then: "give_up",
    afterMs: 0,
    meaning: "the room is archived: it can be read, not changed",
  },
  deleted: {
    close: 0,
    http: 410,
    then: "give_up",
    afterMs: 0,
    meaning: "the message has been deleted",
  },
  conflict: {
    close: 0,
    http: 409,
    then: "give_up",
    afterMs: 0,
    meaning: "the name is taken, or the thing has changed meanwhile",
  },
  too_many: {
    close: 0,
    http: 422,
    then: "give_up",
    afterMs: 0,
    meaning: "there are more of these than the limit allows",
  },
  unsupported: {
    close: 0,
    http: 415,
    then: "give_up",
    afterMs: 0,
    meaning: "this kind of file or encoding is not accepted",
  },
  wrong_password: {
    close: 0,
    http: 401,
    then: "give_up",
    afterMs: 0,
    meaning: "the name or the password is wrong",
  },
  rate_limited: {
    close: 0,
    http: 429,
    then: "retry",
    afterMs: 2000,
    meaning: "too many requests in a short time",
  },
  store_busy: {
    close: 0,
    http: 503,
    then: "retry",
    afterMs: 1000,
    meaning: "the database did not answer in time; nothing was stored",
  },
  store_full: {
    close: 0,
    http: 507,
    then: "retry",
    afterMs: 30000,
    meaning: "the disk is full; nothing was stored",
  },
  internal: {
    close: 0,
    http: 500,
    then: "retry",
    afterMs: 2000,
    meaning: "the server made a mistake; the operator's log has it",
  },
  sign_in: {
    close: 4001,
    http: 401,
    then: "sign_in",
    afterMs: 0,
    meaning: "not signed in: the token is missing, forged, expired or revoked",
  },
  banned: {
    close: 4002,
    http: 403,
    then: "give_up",
    afterMs: 0,
    meaning: "the account has been disabled",
  },
  stale_build: {
    close: 4003,
    http: 426,
    then: "reload",
    afterMs: 0,
    meaning: "this client is too old for the server",
  },
  bad_frame: {
    close: 4004,
    http: 400,
    then: "give_up",
    afterMs: 0,
    meaning: "a frame is not of the documented form",
  },
  too_big: {
    close: 4005,
    http: 413,
    then: "give_up",
    afterMs: 0,
    meaning: "a frame is larger than the limit",
  },
  bad_origin: {
    close: 4006,
    http: 403,
    then: "give_up",
    afterMs: 0,
    meaning: "the page that opened the connection is not served from here",
  },
  replaced: {
    close: 4007,
    http: 409,
    then: "give_up",
    afterMs: 0,
    meaning: "the same session has connected again",
  },
  signed_out: {
    close: 4008,
    http: 401,
    then: "sign_in",
    afterMs: 0,
    meaning: "the session was ended",
  },
  full: {
    close: 4010,
    http: 503,
    then: "retry",
    afterMs: 5000,
    meaning: "the server carries as many connections as it can",
  },
  gate: {
    close: 4011,
    http: 503,
    then: "retry",
    afterMs: 10000,
    meaning: "the operator is letting people in slowly, or not at all",
  },
  drain: {
    close: 4012,
    http: 503,
    then: "retry",
    afterMs: 1000,
    meaning: "the server is going down for a moment",
  },
  slow: {
    close: 4013,
    http: 503,
    then: "retry",
    afterMs: 1000,
    meaning: "the connection did not read fast enough; resume to catch up",
  },
  lease_expired: {
    close: 4014,
    http: 408,
    then: "retry",
    afterMs: 0,
    meaning: "nothing was heard for as long as the lease allows",
  },
  hello_timeout: {
    close: 4015,
    http: 408,
    then: "retry",
    afterMs: 1000,
    meaning: "no hello arrived in time",
  },
};

/** Limits of the protocol. */
export const LIMITS = {
  textBytesMax: 32768,
  frameBytesMax: 131072,
  frameDepthMax: 16,
  nonceBytesMax: 64,
  filesPerMessageMax: 10,
  emojiBytesMax: 48,
  reactionsPerMessageMax: 50,
  nameBytesMax: 32,
  lineBytesMax: 250,
  watchedRoomsMax: 64,
  positionsMax: 4096,
  snapshotLines: 50,
  snapshotMembersMax: 500,
  pageEntriesMax: 200,
} as const;

/** The WebSocket subprotocol. */
export const SUBPROTOCOL = "leeward.v1";
