/** What a session tells whoever began it. */
import type { AccountId } from "../wire/types.ts";
import type { Note } from "./notifications.ts";

export interface SessionEvents {
  /** The server says that the page belongs to somebody else. */
  readonly otherAccount: (account: AccountId) => void;
  readonly notice: (
    tone: "info" | "error",
    key: string,
    values: Readonly<Record<string, string | number>>,
  ) => void;
  /** Another page signed out. */
  readonly signedOut: () => void;
  /** Something to tell a person who is not looking. */
  readonly note: (note: Note) => void;
  /** The list of rooms is known, from the device or from the server. */
  readonly listed: () => void;
}
