/** Names inside of messages: people, rooms and emoji. A name that is nobody's stays plain text. */
import { pathOf, roomPlace } from "../../sync/place.ts";
import type { RoomId } from "../../wire/types.ts";
import { useEmoji } from "../emoji/book.ts";
import { byName } from "../people.ts";
import { useStore } from "../useApp.ts";

export function PersonName({ name }: { readonly name: string }) {
  const person = useStore((state) => byName(state.people).get(name));
  const mine = useStore((state) => state.me?.name === name);
  if (person === undefined) {
    if (name !== "room") return `@${name}`;
    return <span className="mention mention-me">@{name}</span>;
  }
  return (
    <span className={mine ? "mention mention-me" : "mention"} title={person.display}>
      @{name}
    </span>
  );
}

export function RoomName({ name }: { readonly name: string }) {
  const room = useStore((state) => roomNamed(state.rooms, name));
  if (room === null) return `#${name}`;
  return (
    <a className="mention" href={pathOf(roomPlace(room, null))}>
      #{name}
    </a>
  );
}

export function EmojiName({ name }: { readonly name: string }) {
  const emoji = useEmoji(true)?.byName.get(name);
  if (emoji === undefined) return `:${name}:`;
  return (
    <span role="img" aria-label={name} title={`:${name}:`}>
      {emoji.char}
    </span>
  );
}

type Rooms = ReadonlyMap<RoomId, { readonly summary: { readonly name: string } }>;

const indexes = new WeakMap<Rooms, ReadonlyMap<string, RoomId>>();

function roomNamed(rooms: Rooms, name: string): RoomId | null {
  let index = indexes.get(rooms);
  if (index === undefined) {
    index = new Map([...rooms].map(([id, room]) => [room.summary.name, id]));
    indexes.set(rooms, index);
  }
  return index.get(name) ?? null;
}
