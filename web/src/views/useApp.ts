/** How views reach the app: parts of the state to render, and actions to perform. */
import { createContext, useCallback, useContext, useSyncExternalStore } from "react";
import { type Action, type Ctx, perform } from "../actions/action.ts";
import type { Client } from "../sync/client.ts";
import type { State } from "../sync/model.ts";

/** Given once, by `main.tsx`. */
export const AppContext = createContext<Ctx | null>(null);

export function useCtx(): Ctx {
  const ctx = useContext(AppContext);
  if (ctx === null) throw new Error("a view stands outside of the app");
  return ctx;
}

export function useClient(): Client {
  return useCtx().client;
}

/**
 * A part of the state; the view is drawn again when that part is another. `select` picks something
 * that is in the state, it does not build anything.
 */
export function useStore<T>(select: (state: State) => T): T {
  const { store } = useClient();
  const read = () => select(store.getState());
  return useSyncExternalStore(store.subscribe, read, read);
}

/** Performs actions; what is refused is said in a notice. */
export function usePerform(): <Args>(action: Action<Args>, args: Args) => Promise<boolean> {
  const ctx = useCtx();
  return useCallback((action, args) => perform(ctx, action, args), [ctx]);
}
