/** Comes in by an invite link. */
import type { Action } from "./action.ts";

export const acceptInvite: Action<{
  readonly token: string;
  readonly name: string;
  readonly display?: string;
  readonly password?: string;
}> = {
  id: "accept_invite",
  label: "act.accept_invite",
  run: ({ client }, { token, ...as }) => client.account.acceptInvite(token, as),
};
