/** Everybody known by id. Unknown people are asked for together, once. */
import type { AccountId, Person } from "../wire/types.ts";

export interface PeopleWorld {
  readonly fetch: (query: { ids?: readonly AccountId[]; q?: string }) => Promise<readonly Person[]>;
  readonly later: (run: () => void, ms: number) => void;
  readonly changed: () => void;
}

/** Ids that come up within this time are asked for together. */
const GATHER_MS = 40;
/** Most ids in one question. */
const IDS_MAX = 200;
/** Most people asked about again after an absence. */
const REFRESHED_MAX = 600;
/** Who could not be fetched is asked for again after this, if still wanted. */
const AGAIN_MS = 10_000;

export class People {
  #all: ReadonlyMap<AccountId, Person> = new Map();
  readonly #wanted = new Set<AccountId>();
  /** Asked for, answered or not. */
  readonly #asked = new Set<AccountId>();
  readonly #world: PeopleWorld;

  constructor(world: PeopleWorld) {
    this.#world = world;
  }

  get all(): ReadonlyMap<AccountId, Person> {
    return this.#all;
  }

  learn(people: Iterable<Person>): void {
    let all: Map<AccountId, Person> | null = null;
    for (const person of people) {
      if (same(this.#all.get(person.id), person)) continue;
      all ??= new Map(this.#all);
      all.set(person.id, person);
    }
    if (all === null) return;
    this.#all = all;
    this.#world.changed();
  }

  want(ids: Iterable<AccountId>): void {
    const idle = this.#wanted.size === 0;
    for (const id of ids) {
      if (!this.#all.has(id) && !this.#asked.has(id)) this.#wanted.add(id);
    }
    if (idle && this.#wanted.size > 0) this.#world.later(() => void this.#fetch(), GATHER_MS);
  }

  /** Asks again about those known: while there was no connection, nobody told what changed. */
  async refresh(): Promise<void> {
    const ids = [...this.#all.keys()].slice(0, REFRESHED_MAX);
    for (let at = 0; at < ids.length; at += IDS_MAX) {
      try {
        this.learn(await this.#world.fetch({ ids: ids.slice(at, at + IDS_MAX) }));
      } catch {
        return;
      }
    }
  }

  /** People whose name, or a word of whose display name, begins like this; the known ones first. */
  async find(prefix: string): Promise<AccountId[]> {
    const found = new Set(this.#known(prefix));
    try {
      const people = await this.#world.fetch({ q: prefix });
      this.learn(people);
      for (const { id, disabled } of people) if (disabled !== true) found.add(id);
    } catch {
      // Those known will do.
    }
    return [...found];
  }

  #known(prefix: string): AccountId[] {
    const start = prefix.toLowerCase();
    const begins = (person: Person) =>
      person.name.startsWith(start) ||
      person.display
        .toLowerCase()
        .split(/\s+/)
        .some((word) => word.startsWith(start));
    return [...this.#all.values()]
      .filter((person) => person.disabled !== true && begins(person))
      .map((person) => person.id);
  }

  async #fetch(): Promise<void> {
    const ids = [...this.#wanted].slice(0, IDS_MAX);
    for (const id of ids) {
      this.#wanted.delete(id);
      this.#asked.add(id);
    }
    if (this.#wanted.size > 0) this.#world.later(() => void this.#fetch(), 0);
    try {
      this.learn(await this.#world.fetch({ ids }));
    } catch {
      this.#world.later(() => {
        for (const id of ids) this.#asked.delete(id);
      }, AGAIN_MS);
    }
  }
}

function same(a: Person | undefined, b: Person): boolean {
  return a !== undefined && JSON.stringify(a) === JSON.stringify(b);
}
