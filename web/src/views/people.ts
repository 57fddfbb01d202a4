/** Who somebody is, for views: names with a fallback while a person is not known yet. */
import { useCallback, useEffect, useState } from "react";
import { t } from "../i18n/t.ts";
import type { AccountId, Person, Presence } from "../wire/types.ts";
import { useClient, useStore } from "./useApp.ts";

type People = ReadonlyMap<AccountId, Person>;

/** A person; asks for them when they are not known. */
export function usePerson(id: AccountId | null): Person | null {
  const { people } = useClient();
  const person = useStore((state) => (id === null ? undefined : state.people.get(id))) ?? null;
  const missing = id !== null && person === null;
  useEffect(() => {
    if (missing && id !== null) people.want([id]);
  }, [missing, id, people]);
  return person;
}

/** Those whom what was typed finds, as the server last answered. */
export function useFoundPeople(typed: string): readonly AccountId[] {
  const client = useClient();
  const [found, setFound] = useState<readonly AccountId[]>([]);
  useEffect(() => {
    let wanted = true;
    client.people.find(typed.trim().toLowerCase()).then(
      (ids) => {
        if (wanted) setFound(ids);
      },
      () => undefined,
    );
    return () => {
      wanted = false;
    };
  }, [client, typed]);
  return found;
}

/** Whether somebody is there; null while nothing is known of anybody, for want of a live lease. */
export function usePresence(id: AccountId): Presence | null {
  return useStore(
    (state) => state.presence.get(id) ?? (state.presence.size > 0 ? "offline" : null),
  );
}

/** What to call each of several people. */
export function useNameOf(): (id: AccountId) => string {
  const people = useStore((state) => state.people);
  return useCallback((id) => people.get(id)?.display ?? t("line.someone"), [people]);
}

/** People by the name that is typed after `@`. */
export function byName(people: People): ReadonlyMap<string, Person> {
  const known = indexes.get(people);
  if (known !== undefined) return known;
  const index = new Map([...people.values()].map((person) => [person.name, person]));
  indexes.set(people, index);
  return index;
}

const indexes = new WeakMap<People, ReadonlyMap<string, Person>>();
