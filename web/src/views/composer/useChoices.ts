/** What may complete the word at the caret, best first. */
import { useEffect, useMemo, useState } from "react";
import { type Key, t } from "../../i18n/t.ts";
import type { ListedCommand } from "../../sync/answers.ts";
import type { State } from "../../sync/model.ts";
import type { AccountId, Person, RoomId } from "../../wire/types.ts";
import { type EmojiBook, findEmoji, useEmoji } from "../emoji/book.ts";
import { useClient, useStore } from "../useApp.ts";
import type { Choice, Wish } from "./complete.ts";

/** Most suggestions at once: a short look, not a list to read. */
const LIMIT = 8;

/** The server's commands, and what each does. */
const COMMANDS: readonly (readonly [string, Key])[] = [
  ["me", "command.me"],
  ["shrug", "command.shrug"],
  ["topic", "command.topic"],
  ["invite", "command.invite"],
  ["kick", "command.kick"],
  ["join", "command.join"],
  ["leave", "command.leave"],
  ["msg", "command.msg"],
  ["away", "command.away"],
  ["help", "command.help"],
];

const NONE: readonly Choice[] = [];

export function useChoices(room: RoomId, wish: Wish | null): readonly Choice[] {
  const book = useEmoji(wish?.kind === "emoji");
  const rooms = useStore((state) => (wish?.kind === "room" ? state.rooms : null));
  const people = useStore((state) => (wish?.kind === "person" ? state.people : null));
  const members = useStore((state) =>
    wish?.kind === "person" ? (state.rooms.get(room)?.members ?? null) : null,
  );
  const custom = useCustom(wish?.kind === "command");
  const found = useFound(wish?.kind === "person" ? wish.typed : null);
  return useMemo(() => {
    if (wish === null) return NONE;
    if (wish.kind === "command") return commands(custom, wish.typed);
    if (wish.kind === "emoji") return book === null ? NONE : emoji(book, wish.typed);
    if (wish.kind === "room") return rooms === null ? NONE : roomsNamed(rooms, wish.typed);
    const here = new Set(members?.map((member) => member.account));
    return people === null ? NONE : persons(people, here, found, wish.typed);
  }, [wish, book, rooms, people, members, custom, found]);
}

/** Those whom the server knows by this beginning, beside those known here. */
function useFound(typed: string | null): readonly AccountId[] {
  const client = useClient();
  const [found, setFound] = useState<readonly AccountId[]>([]);
  useEffect(() => {
    if (typed === null || typed === "") return;
    let wanted = true;
    client.people.find(typed).then(
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

/** The commands of the workspace's own, asked for when somebody begins to type one. */
function useCustom(wanted: boolean): readonly ListedCommand[] {
  const client = useClient();
  const [custom, setCustom] = useState<readonly ListedCommand[]>([]);
  useEffect(() => {
    if (!wanted) return;
    let here = true;
    client.http.commands().then(
      (all) => {
        if (here) setCustom(all.filter(({ name }) => !COMMANDS.some(([own]) => own === name)));
      },
      () => undefined,
    );
    return () => {
      here = false;
    };
  }, [client, wanted]);
  return custom;
}

function commands(custom: readonly ListedCommand[], typed: string): Choice[] {
  const all = [
    ...COMMANDS.map(([name, key]) => ({ name, detail: t(key) })),
    ...custom.map(({ name, usage, about }) => ({ name, detail: about === "" ? usage : about })),
  ];
  return all
    .filter(({ name }) => name.startsWith(typed.toLowerCase()))
    .map(({ name, detail }) => ({
      key: name,
      insert: `/${name} `,
      title: `/${name}`,
      detail,
      picture: "",
    }));
}

function emoji(book: EmojiBook, typed: string): Choice[] {
  return findEmoji(book, typed, LIMIT).map((one) => ({
    key: one.char,
    insert: `${one.char} `,
    title: `:${one.names[0]}:`,
    detail: "",
    picture: one.char,
  }));
}

function roomsNamed(rooms: State["rooms"], typed: string): Choice[] {
  const wanted = typed.toLowerCase();
  return [...rooms.values()]
    .filter(
      ({ summary }) =>
        summary.room_kind !== "direct" &&
        summary.archived !== true &&
        summary.name.includes(wanted),
    )
    .sort(
      (a, b) =>
        rank(a.summary.name, wanted) - rank(b.summary.name, wanted) ||
        a.summary.name.localeCompare(b.summary.name),
    )
    .slice(0, LIMIT)
    .map(({ summary }) => ({
      key: String(summary.id),
      insert: `#${summary.name} `,
      title: `#${summary.name}`,
      detail: summary.topic ?? "",
      picture: "",
    }));
}

function persons(
  people: State["people"],
  here: ReadonlySet<AccountId>,
  found: readonly AccountId[],
  typed: string,
): Choice[] {
  const wanted = typed.toLowerCase();
  const also = new Set(found);
  const fits = (person: Person) =>
    person.disabled !== true &&
    (person.name.startsWith(wanted) ||
      person.display
        .toLowerCase()
        .split(/\s+/)
        .some((word) => word.startsWith(wanted)) ||
      (also.has(person.id) && person.name.includes(wanted)));
  const everybody: Choice[] = "room".startsWith(wanted)
    ? [
        {
          key: "room",
          insert: "@room ",
          title: "@room",
          detail: t("compose.everyone"),
          picture: "",
        },
      ]
    : [];
  const some = [...people.values()]
    .filter(fits)
    .sort(
      (a, b) =>
        Number(here.has(b.id)) - Number(here.has(a.id)) || a.display.localeCompare(b.display),
    )
    .slice(0, LIMIT - everybody.length)
    .map((person) => ({
      key: String(person.id),
      insert: `@${person.name} `,
      title: person.display,
      detail: `@${person.name}`,
      picture: "",
    }));
  return wanted === "" ? [...some, ...everybody] : [...everybody, ...some];
}

function rank(name: string, wanted: string): number {
  return name.startsWith(wanted) ? 0 : 1;
}
