/** The account's own list as the server sends it, and as it is kept on the device. */
import type { AccountState, Millis } from "../wire/types.ts";
import type { KeptAccount } from "./keep.ts";

/** What is kept of it. */
export function keptOf(state: AccountState, asOf: Millis): KeptAccount {
  const { version, me, workspace, rooms, people, settings } = state;
  return { version, me, workspace, rooms, people, settings: strings(settings), asOf };
}

/** Whether the server serves another build than the one that runs; empty: not known. */
export function isOther(served: string, own: string): boolean {
  return served !== "" && own !== "" && served !== own;
}

function strings(settings: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(settings).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
