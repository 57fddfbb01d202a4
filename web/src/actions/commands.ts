/** Registers a slash command that is answered elsewhere, and ends one. */
import type { CustomCommand } from "../sync/answers.ts";
import type { Action } from "./action.ts";

export const createCommand: Action<{
  readonly command: Omit<CustomCommand, "id">;
  /** Told the secret, which the server does not tell twice. */
  readonly made: (secret: string) => void;
}> = {
  id: "create_command",
  label: "admin.command_do",
  run: async ({ client }, { command, made }) => {
    made((await client.http.createCommand(command)).secret);
  },
};

export const deleteCommand: Action<{ readonly id: number }> = {
  id: "delete_command",
  label: "common.delete",
  run: ({ client }, { id }) => client.http.deleteCommand(id),
};
