/** A page around a view under test: a state, and verbs that do nothing. */
import type { ReactNode } from "react";
import { fixture } from "../../dev/fixture.ts";
import type { Ctx } from "../../src/actions/action.ts";
import type { Client } from "../../src/sync/client.ts";
import type { State } from "../../src/sync/model.ts";
import { firstState } from "../../src/sync/state.ts";
import { createStore } from "../../src/sync/store.ts";
import { AppContext } from "../../src/views/useApp.ts";

type Verbs = Readonly<Record<string, object>>;

/** `verbs` are those that the test listens to. */
export function inApp(view: ReactNode, state: Partial<State> = {}, verbs: Verbs = {}): ReactNode {
  return anApp(state, verbs).around(view);
}

/** The same, for views that are drawn again in one app, whose state changes. */
export function anApp(state: Partial<State> = {}, verbs: Verbs = {}) {
  const store = createStore<State>({ ...firstState("/r/1"), ...fixture(), ...state }, (run) =>
    run(),
  );
  const nothing = new Proxy({}, { get: () => () => Promise.resolve([]) });
  const client = new Proxy({} as Client, {
    get: (_, name) => (name === "store" ? store : (verbs[String(name)] ?? nothing)),
  });
  const page = {
    copy: async () => undefined,
    reload: () => undefined,
    moveFocus: () => undefined,
    origin: "http://localhost",
  };
  const ctx: Ctx = { client, page };
  const around = (view: ReactNode) => <AppContext value={ctx}>{view}</AppContext>;
  return { store, around };
}
