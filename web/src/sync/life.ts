/**
 * Who uses this page: finds out at the start, and changes with signing in and out. There is one
 * session at a time; it begins with what is kept on the device, before any network.
 */
import type { AccountId } from "../wire/types.ts";
import { forgetAhead } from "./ahead.ts";
import type { SignedIn, WorkspaceAnswer } from "./answers.ts";
import type { Http } from "./http.ts";
import type { Phase, State, Workspace } from "./model.ts";
import { Refused } from "./refused.ts";
import { Session } from "./session.ts";
import type { SessionEvents } from "./sessionEvents.ts";
import { nobody } from "./state.ts";
import type { Store } from "./store.ts";
import type { World } from "./world.ts";

export interface LifeWorld {
  readonly world: World;
  readonly http: Http;
  readonly store: Store<State>;
  readonly notice: SessionEvents["notice"];
  readonly note: SessionEvents["note"];
  /** The rooms of a session are known: for the first time, because somebody came in, or again. */
  readonly arrived: (how: "first" | "in" | "again") => void;
}

const ACCOUNT = "leeward.account";
/** How long until a server that was not reached is asked again who one is. */
const AGAIN_MS = 3_000;

export class Life {
  session: Session | null = null;
  readonly #of: LifeWorld;

  constructor(of: LifeWorld) {
    this.#of = of;
  }

  /** Ends once something can be shown. */
  async begin(): Promise<void> {
    const { world } = this.#of;
    const known = Number(world.remembered(ACCOUNT) ?? 0);
    const workspace = this.#workspace();
    if (known > 0) {
      if (!(await this.#start(known))) await Promise.race([workspace, this.#listed()]);
    } else {
      await workspace;
      if (this.#of.store.getState().phase === "starting") await this.#ask();
    }
  }

  /** The server says that somebody has signed in here. */
  async enter({ account }: SignedIn): Promise<void> {
    await this.#leave();
    this.#of.store.set({ me: account });
    await this.#start(account.id);
    await this.#listed();
    this.#of.arrived("in");
  }

  async signOut(): Promise<void> {
    const { http, world } = this.#of;
    try {
      await http.signOut();
    } catch (thrown) {
      // Who is signed out already has nothing to sign out of.
      if (Refused.from(thrown).refusal.then !== "sign_in") throw thrown;
    }
    this.session?.tabs.tell({ kind: "signed_out" });
    const gone = this.session?.me;
    await this.#leave();
    if (gone !== undefined) {
      await world.forgetKeep(gone);
      forgetAhead(world, gone);
    }
    this.#put("signed_out");
  }

  /** Connects again after signing in anew, with everything that is kept. */
  async again(signedIn: SignedIn): Promise<void> {
    if (this.session?.me !== signedIn.account.id) return this.enter(signedIn);
    this.session.connection.forget();
    this.session.connection.tell({ kind: "start" });
    this.session.tabs.tell({ kind: "signed_in" });
    this.#of.arrived("in");
  }

  /** Begins a session. True: something was kept and is shown. */
  async #start(account: AccountId): Promise<boolean> {
    const { world, store, http, notice } = this.#of;
    world.remember(ACCOUNT, String(account));
    const keep = await world.openKeep(account);
    const events: SessionEvents = {
      notice,
      otherAccount: (other) => void this.#change(other),
      signedOut: () => {
        void this.#leave().then(() => this.#put("signed_out"));
      },
      note: this.#of.note,
      listed: () => {
        this.#of.arrived(first ? "first" : "again");
        first = false;
      },
    };
    let first = true;
    const session = new Session(account, keep, { world, store, http, events });
    this.session = session;
    return session.begin();
  }

  async #change(other: AccountId): Promise<void> {
    await this.#leave();
    await this.#start(other);
  }

  async #leave(): Promise<void> {
    const { session } = this;
    this.session = null;
    this.#of.world.remember(ACCOUNT, null);
    await session?.end();
    this.#of.store.set(nobody());
  }

  /** Resolves once the list of rooms is known, or the server says that nobody is signed in. */
  #listed(): Promise<void> {
    const { store } = this.#of;
    return new Promise((done) => {
      const look = () => {
        const { phase, bar } = store.getState();
        if (phase === "starting" && bar.state !== "sign_in") return;
        end();
        if (phase === "starting") void this.#leave().then(() => this.#put("signed_out"));
        done();
      };
      const end = store.subscribe(look);
      look();
    });
  }

  async #workspace(): Promise<void> {
    const { http, store, world } = this.#of;
    try {
      const workspace = shown(await http.workspace());
      store.set({ workspace });
      if (workspace.needsSetup && this.session === null) this.#put("set_up");
    } catch {
      world.timer(() => void this.#workspace(), AGAIN_MS);
    }
  }

  /** Asks whose cookie this page has. */
  async #ask(): Promise<void> {
    const { http, world } = this.#of;
    try {
      const { me } = await http.me();
      await this.#start(me.id);
      await this.#listed();
    } catch (thrown) {
      const { unreachable, refusal } = Refused.from(thrown);
      if (!unreachable && refusal.then !== "retry") this.#put("signed_out");
      else world.timer(() => void this.#ask(), AGAIN_MS);
    }
  }

  #put(phase: Phase): void {
    this.#of.store.set({ phase });
  }
}

function shown({ name, needs_setup, client, limits }: WorkspaceAnswer): Workspace {
  return {
    name,
    needsSetup: needs_setup,
    build: client,
    textBytesMax: limits.text_bytes,
    fileBytesMax: limits.file_bytes,
    filesPerMessageMax: limits.files_per_message,
    passwordCharsMin: limits.password_chars,
  };
}
