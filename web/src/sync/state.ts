/** The state before anything is known. */
import type { State, Workspace } from "./model.ts";
import { placeAt } from "./place.ts";

/** The state of a page that has just been opened at a path. */
export function firstState(path: string): State {
  return {
    workspace: null,
    shed: [],
    place: placeAt(path),
    dialog: null,
    notices: [],
    ...nobody(),
  };
}

/** What is known when nobody is signed in. */
export function nobody() {
  return {
    phase: "starting",
    me: null,
    settings: {},
    bar: { state: "blip" },
    rooms: new Map(),
    sections: { favourite: [], rooms: [], direct: [], archived: [] },
    threads: new Map(),
    inbox: null,
    people: new Map(),
    presence: new Map(),
    typing: new Map(),
    outbox: [],
    drafts: new Map(),
    uploads: new Map(),
    search: null,
    browse: null,
    sessions: null,
    invites: null,
    panel: null,
    editing: null,
    attention: { count: 0, bold: false },
  } as const satisfies Partial<State>;
}

/** What is assumed of a server that has not been reached on this page. */
export const unreachedWorkspace: Workspace = {
  name: "",
  needsSetup: false,
  build: "",
  textBytesMax: 32 * 1024,
  fileBytesMax: Number.POSITIVE_INFINITY,
  filesPerMessageMax: 10,
  passwordCharsMin: 8,
};
