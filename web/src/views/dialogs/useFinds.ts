/** What the switcher offers for what was typed: rooms, people, actions, and a search. */
import { useEffect, useMemo, useState } from "react";
import type { Action } from "../../actions/action.ts";
import { browseRooms } from "../../actions/browseRooms.ts";
import { openDirect } from "../../actions/openDirect.ts";
import { openHelp } from "../../actions/openHelp.ts";
import { openInbox } from "../../actions/openInbox.ts";
import { search } from "../../actions/search.ts";
import { setDensity } from "../../actions/setDensity.ts";
import { setTheme } from "../../actions/setTheme.ts";
import { signOut } from "../../actions/signOut.ts";
import { type Key, t } from "../../i18n/t.ts";
import type { Place, Room } from "../../sync/model.ts";
import { roomPlace } from "../../sync/place.ts";
import type { AccountId, Person } from "../../wire/types.ts";
import type { IconName } from "../parts/Icon.tsx";
import { density } from "../settings/settings.ts";
import { useClient, usePerform, useStore } from "../useApp.ts";
import { nearness } from "./match.ts";

export interface Find {
  readonly key: string;
  readonly title: string;
  readonly detail: string;
  readonly room?: Room;
  readonly person?: Person;
  readonly icon?: IconName;
  readonly unread?: boolean;
  readonly run: () => void;
}

const EACH = 7;

export function useFinds(typed: string): readonly Find[] {
  const client = useClient();
  const perform = usePerform();
  const rooms = useStore((state) => state.rooms);
  const people = useStore((state) => state.people);
  const me = useStore((state) => state.me);
  const settings = useStore((state) => state.settings);
  const found = useFoundPeople(typed);
  return useMemo(() => {
    const go = (place: Place) => client.screen.go(place);
    const ofRooms = best([...rooms.values()], typed, (room) => room.title, preferRoom).map(
      (room) => ({
        key: `room ${room.id}`,
        title: room.title,
        detail: room.summary.topic ?? "",
        room,
        unread: room.unread.bold,
        run: () => go(roomPlace(room.id, null)),
      }),
    );
    if (typed.trim() === "") return ofRooms;
    const known = new Set([...people.keys(), ...found]);
    const persons = [...known].flatMap((id) => people.get(id) ?? []);
    const others = persons.filter((person) => person.id !== me?.id && person.disabled !== true);
    const ofPeople = best(others, typed, (person) => `${person.display} ${person.name}`).map(
      (person) => ({
        key: `person ${person.id}`,
        title: person.display,
        detail: `@${person.name}`,
        person,
        run: () => void perform(openDirect, { people: [person.id] }),
      }),
    );
    const deed = <Args>(label: Key, icon: IconName, action: Action<Args>, args: Args): Find => ({
      key: `${action.id} ${label}`,
      title: t(label),
      detail: "",
      icon,
      run: () => void perform(action, args),
    });
    const to = (label: Key, icon: IconName, place: Place): Find => ({
      key: `place ${label}`,
      title: t(label),
      detail: "",
      icon,
      run: () => go(place),
    });
    const deeds = [
      deed("act.browse", "compass", browseRooms, undefined),
      deed("act.threads", "thread", openInbox, undefined),
      to("act.people", "users", { page: "people" }),
      to("act.settings", "settings", { page: "settings", section: "" }),
      deed("act.theme_light", "sun", setTheme, { theme: "light" }),
      deed("act.theme_dark", "moon", setTheme, { theme: "dark" }),
      deed("act.theme_system", "settings", setTheme, { theme: "system" }),
      deed("act.density_toggle", "list", setDensity, {
        density: density(settings) === "cosy" ? "compact" : "cosy",
      }),
      deed("act.help", "keyboard", openHelp, undefined),
      deed("act.sign_out", "sign_out", signOut, {}),
    ] as const;
    const text = typed.trim();
    const searching: Find = {
      key: "search",
      title: t("switch.search", { text }),
      detail: "",
      icon: "search",
      run: () => void perform(search, { query: text }),
    };
    return [...ofRooms, ...ofPeople, ...best(deeds, typed, (one) => one.title), searching];
  }, [client, perform, rooms, people, me, settings, found, typed]);
}

/** Those that fit, best first. */
function best<T>(
  all: readonly T[],
  typed: string,
  nameOf: (one: T) => string,
  prefer: (one: T) => number = () => 0,
): T[] {
  return all
    .flatMap((one) => {
      const score = nearness(nameOf(one), typed);
      return score === null ? [] : [{ one, score: score + prefer(one) }];
    })
    .sort((a, b) => b.score - a.score)
    .slice(0, EACH)
    .map(({ one }) => one);
}

/** What wants one comes first, then what was busy last. */
function preferRoom(room: Room): number {
  const wants = room.unread.count > 0 ? 8 : room.unread.bold && !room.unread.muted ? 4 : 0;
  return (room.summary.archived === true ? -30 : wants) + room.summary.last_at / 1e15;
}

function useFoundPeople(typed: string): readonly AccountId[] {
  const client = useClient();
  const [found, setFound] = useState<readonly AccountId[]>([]);
  useEffect(() => {
    const wanted = typed.trim().toLowerCase();
    if (wanted === "") return;
    let stays = true;
    client.people.find(wanted).then(
      (ids) => {
        if (stays) setFound(ids);
      },
      () => undefined,
    );
    return () => {
      stays = false;
    };
  }, [client, typed]);
  return found;
}
