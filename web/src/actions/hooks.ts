/** Makes an incoming webhook for a room, and deletes one. */
import type { RoomId } from "../wire/types.ts";
import type { Action } from "./action.ts";

export const createHook: Action<{
  readonly room: RoomId;
  readonly name: string;
  /** Told the path of the address, which the server does not tell twice. */
  readonly made: (path: string) => void;
}> = {
  id: "create_hook",
  label: "details.hook_add",
  run: async ({ client }, { room, name, made }) => {
    made((await client.http.createHook(room, name)).path);
  },
};

export const deleteHook: Action<{ readonly room: RoomId; readonly id: number }> = {
  id: "delete_hook",
  label: "common.delete",
  run: ({ client }, { room, id }) => client.http.deleteHook(room, id),
};
