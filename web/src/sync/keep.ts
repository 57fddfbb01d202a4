/**
 * What is kept on the device, in IndexedDB, one database per account: rooms to read without a network,
 * unsent messages, drafts. Where the browser has no such store, everything works for as long as the
 * page lives. Never talks to the server.
 */
import { type DBSchema, deleteDB, type IDBPDatabase, type IDBPObjectStore, openDB } from "idb";
import type {
  AccountId,
  Draft,
  Event,
  FileRef,
  Member,
  Millis,
  Nonce,
  Person,
  Position,
  Refusal,
  RoomId,
  RoomSummary,
  Seq,
} from "../wire/types.ts";
import type { DraftText } from "./model.ts";
import type { Span } from "./spans.ts";

/** The account's own list as it was last known. */
export interface KeptAccount {
  readonly version: number;
  readonly me: Person;
  readonly workspace: string;
  readonly rooms: readonly RoomSummary[];
  readonly settings: Readonly<Record<string, string>>;
  readonly people: readonly Person[];
  /** When it was last in sync. */
  readonly asOf: Millis;
}

export interface KeptRoom {
  readonly id: RoomId;
  readonly at: Position;
  readonly lines: readonly Event[];
  readonly spans: readonly Span[];
  readonly members: readonly Member[];
  readonly asOf: Millis;
  /** When it was last on the screen; the rooms longest ago are dropped first. */
  readonly usedAt: Millis;
}

export interface KeptThread {
  readonly room: RoomId;
  readonly root: Seq;
  /** Where its room stood. */
  readonly at: Position;
  readonly lines: readonly Event[];
  readonly spans: readonly Span[];
  readonly usedAt: Millis;
}

export interface KeptEntry {
  readonly nonce: Nonce;
  readonly room: RoomId;
  readonly draft: Draft;
  readonly files: readonly FileRef[];
  readonly at: Millis;
  /** Entries go out in this order. */
  readonly order: number;
  /** The page that sends it. */
  readonly owner: string;
  readonly failed: Refusal | null;
}

interface Schema extends DBSchema {
  account: { key: string; value: KeptAccount };
  reads: { key: RoomId; value: Seq };
  rooms: { key: RoomId; value: KeptRoom };
  threads: { key: [RoomId, Seq]; value: KeptThread };
  outbox: { key: Nonce; value: KeptEntry };
  drafts: { key: string; value: DraftText };
}

type Table = "account" | "reads" | "rooms" | "threads" | "outbox" | "drafts";
type Key<T extends Table> = Schema[T]["key"];
type Value<T extends Table> = Schema[T]["value"];

/** Tables by key. Every operation waits for those before it; none ever throws. */
export interface Keep {
  all<T extends Table>(table: T): Promise<Value<T>[]>;
  entries<T extends Table>(table: T): Promise<[Key<T>, Value<T>][]>;
  one<T extends Table>(table: T, key: Key<T>): Promise<Value<T> | undefined>;
  put<T extends Table>(table: T, key: Key<T>, value: Value<T>): Promise<void>;
  drop<T extends Table>(table: T, key: Key<T>): Promise<void>;
  close(): void;
}

const VERSION = 1;
const TABLES: readonly Table[] = ["account", "reads", "rooms", "threads", "outbox", "drafts"];

function nameOf(account: AccountId): string {
  return `leeward-${account}`;
}

/** Opens what is kept for an account, or begins to keep it. */
export async function openKeep(account: AccountId): Promise<Keep> {
  try {
    const database = await openDB<Schema>(nameOf(account), VERSION, {
      upgrade: (db) => {
        for (const table of TABLES) db.createObjectStore(table);
      },
      // Another page deletes the database: this one must not stand in its way.
      blocking: (_current, _blocked, event) => (event.target as IDBDatabase).close(),
    });
    return new DatabaseKeep(database);
  } catch {
    return new MemoryKeep();
  }
}

/** Forgets everything kept for an account. */
export async function forgetKeep(account: AccountId): Promise<void> {
  try {
    await deleteDB(nameOf(account));
  } catch {
    // A browser without the store has nothing to forget.
  }
}

class DatabaseKeep implements Keep {
  readonly #db: IDBPDatabase<Schema>;

  constructor(db: IDBPDatabase<Schema>) {
    this.#db = db;
  }

  async all<T extends Table>(table: T): Promise<Value<T>[]> {
    return this.#quietly(() => this.#db.getAll(table), []);
  }

  async entries<T extends Table>(table: T): Promise<[Key<T>, Value<T>][]> {
    return this.#quietly(async () => {
      const store = this.#db.transaction(table).store;
      const [keys, values] = await Promise.all([store.getAllKeys(), store.getAll()]);
      return keys.map((key, i) => [key, values[i]] as [Key<T>, Value<T>]);
    }, []);
  }

  async one<T extends Table>(table: T, key: Key<T>): Promise<Value<T> | undefined> {
    return this.#quietly(() => this.#db.get(table, key), undefined);
  }

  async put<T extends Table>(table: T, key: Key<T>, value: Value<T>): Promise<void> {
    await this.#write(table, (store) => store.put(value, key));
  }

  async drop<T extends Table>(table: T, key: Key<T>): Promise<void> {
    await this.#write(table, (store) => store.delete(key));
  }

  close(): void {
    this.#db.close();
  }

  /** Commits at once, so that a write begun by a page that is going is not undone. */
  async #write<T extends Table>(
    table: T,
    change: (store: IDBPObjectStore<Schema, [T], T, "readwrite">) => Promise<unknown>,
  ): Promise<void> {
    await this.#quietly(async () => {
      const transaction = this.#db.transaction(table, "readwrite");
      const changed = change(transaction.store);
      transaction.commit();
      await Promise.all([changed, transaction.done]);
    }, undefined);
  }

  /** A device that is full or a database that was deleted must not stop the chat. */
  async #quietly<R>(ask: () => Promise<unknown>, otherwise: R): Promise<R> {
    try {
      return (await ask()) as R;
    } catch {
      return otherwise;
    }
  }
}

/** Keeps nothing beyond the page. */
export class MemoryKeep implements Keep {
  readonly #tables = new Map<Table, Map<string, [unknown, unknown]>>();

  async all<T extends Table>(table: T): Promise<Value<T>[]> {
    return [...this.#table(table).values()].map(([, value]) => value as Value<T>);
  }

  async entries<T extends Table>(table: T): Promise<[Key<T>, Value<T>][]> {
    return [...this.#table(table).values()] as [Key<T>, Value<T>][];
  }

  async one<T extends Table>(table: T, key: Key<T>): Promise<Value<T> | undefined> {
    return this.#table(table).get(JSON.stringify(key))?.[1] as Value<T> | undefined;
  }

  async put<T extends Table>(table: T, key: Key<T>, value: Value<T>): Promise<void> {
    this.#table(table).set(JSON.stringify(key), [key, structuredClone(value)]);
  }

  async drop<T extends Table>(table: T, key: Key<T>): Promise<void> {
    this.#table(table).delete(JSON.stringify(key));
  }

  close(): void {}

  #table(table: Table): Map<string, [unknown, unknown]> {
    const known = this.#tables.get(table) ?? new Map<string, [unknown, unknown]>();
    this.#tables.set(table, known);
    return known;
  }
}
