/** What administrators do to accounts: change a role, disable, make a bot, give a bot a token. */
import type { AccountId, Role } from "../wire/types.ts";
import type { Action } from "./action.ts";

export const editPerson: Action<{
  readonly who: AccountId;
  readonly role?: Role;
  readonly disabled?: boolean;
}> = {
  id: "edit_person",
  label: "admin.accounts",
  run: async ({ client }, { who, ...change }) => {
    client.people.learn([await client.http.editPerson(who, change)]);
  },
};

export const createBot: Action<{ readonly name: string; readonly made: () => void }> = {
  id: "create_bot",
  label: "admin.bot_do",
  run: async ({ client }, { name, made }) => {
    client.people.learn([await client.http.createBot({ name })]);
    made();
  },
};

export const createBotToken: Action<{
  readonly bot: AccountId;
  /** Told the token, which the server does not tell twice. */
  readonly made: (token: string) => void;
}> = {
  id: "create_bot_token",
  label: "admin.bot_token",
  run: async ({ client }, { bot, made }) => {
    made((await client.http.createBotToken(bot, "")).token);
  },
};
