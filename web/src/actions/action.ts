/** What an action is: one thing a person can do, with its name, its keys and its deed. */
import type { Key } from "../i18n/t.ts";
import type { Client } from "../sync/client.ts";
import { Refused } from "../sync/refused.ts";

/** What an action may touch beside the client: the browser's page. */
export interface Page {
  /** Puts text on the clipboard. */
  readonly copy: (text: string) => Promise<void>;
  readonly reload: () => void;
  /** Moves the focus in the list of messages. */
  readonly moveFocus: (step: 1 | -1) => void;
  /** The address of the app, such as `https://chat.example.org`. */
  readonly origin: string;
}

export interface Ctx {
  readonly client: Client;
  readonly page: Page;
}

/** Where a key does something: anywhere, with a message focused, or in an empty composer. */
export type Where = "anywhere" | "list" | "composer";

export interface Binding {
  /** Such as `Mod+K`, `Alt+Shift+ArrowUp`, `j`, `?`. `Mod` is ⌘ on a Mac and Ctrl elsewhere. */
  readonly key: string;
  readonly where: Where;
}

export interface Action<Args = void> {
  readonly id: string;
  readonly label: Key;
  readonly keys?: readonly Binding[];
  /** Whether it can be done; asked before it is shown. */
  readonly possible?: (ctx: Ctx, args: Args) => boolean;
  readonly run: (ctx: Ctx, args: Args) => void | Promise<void>;
}

/** Does an action. What is refused is said in a notice, unless the caller wants to say it itself. */
export async function perform<Args>(ctx: Ctx, action: Action<Args>, args: Args): Promise<boolean> {
  try {
    await action.run(ctx, args);
    return true;
  } catch (thrown) {
    const { refusal, unreachable } = Refused.from(thrown);
    if (unreachable) ctx.client.screen.notice("error", "common.unreachable");
    else ctx.client.screen.notice("error", "common.failed", { why: refusal.message });
    return false;
  }
}
