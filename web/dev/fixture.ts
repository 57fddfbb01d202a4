/** A workspace made up for looking at the screens: never part of the build. */

import type { Item, Line, Room, State } from "../src/sync/model.ts";
import { firstState } from "../src/sync/state.ts";
import type { Event, Message, Person, RoomSummary } from "../src/wire/types.ts";

const DAY_MS = 86_400_000;
const NOON = new Date().setHours(12, 0, 0, 0);

const NAMES: readonly (readonly [string, string, Person["role"]])[] = [
  ["owner", "The Owner", "owner"],
  ["member", "A Member", "member"],
  ["moderator", "The Moderator", "moderator"],
  ["guest", "Our Guest", "guest"],
  ["builder", "Build Bot", "member"],
  ["operator", "Night Operator", "member"],
  ["reviewer", "Reviewer", "member"],
];

export const PEOPLE: Person[] = NAMES.map(([name, display, role], i) => ({
  id: i + 1,
  name,
  display,
  role,
  ...(name === "builder" ? { bot: true } : {}),
  ...(name === "operator" ? { status: "On call until 18:00" } : {}),
}));

let seq = 0;
function say(
  from: number,
  minutes: number,
  text: string,
  more: Partial<Message> = {},
  state: Line["state"] = "stored",
): Line {
  seq += 1;
  const at = NOON + minutes * 60_000;
  const event = {
    seq: state === "stored" ? seq : 0,
    at,
    from,
    nonce: `n${seq}`,
    kind: "message",
    text,
    ...more,
  } as Event;
  const why =
    state === "failed"
      ? ({
          code: "muted",
          message: "a moderator has muted you in this room",
          then: "give_up",
        } as const)
      : null;
  return { kind: "line", key: `n${seq}`, event, state, why, changing: false };
}

function happen(from: number, minutes: number, what: object): Line {
  seq += 1;
  const event = { seq, at: NOON + minutes * 60_000, from, ...what } as Event;
  return { kind: "line", key: `s${seq}`, event, state: "stored", why: null, changing: false };
}

const CODE = `Here is the change, for a look before it goes in:

\`\`\`rust
/// Accepts a connection when there is room for it.
pub fn admit(&mut self, conn: u64, now: Instant) -> Option<Permit> {
    let waiting = self.table.len() as u32; // never above the limit
    (waiting < self.limits.max).then(|| Permit::new(conn, "resume", now))
}
\`\`\``;

const TABLE = `Measured on two cores:

| what | before | after |
|---|--:|--:|
| resume | 310 µs | **96 µs** |
| memory per connection | 5.1 KiB | 3.4 KiB |

- [x] repeat with TLS
- [ ] write it up in \`docs/benchmarks.md\``;

function lobby(): Item[] {
  return [
    happen(1, -2 * 1440, {
      kind: "room",
      room_kind: "public",
      name: "lobby",
      topic: "Everybody is here",
    }),
    say(
      1,
      -2 * 1440 + 1,
      "**Welcome.** This room is for everybody. Say what you are working on, and ask when you are stuck.",
      { pinned: true },
    ),
    happen(2, -1440 + 4, { kind: "join", who: 2, role: "member" }),
    happen(3, -1440 + 5, { kind: "join", who: 3, role: "member" }),
    happen(6, -1440 + 9, { kind: "join", who: 6, role: "member" }),
    say(
      2,
      -1440 + 20,
      "Good morning! I have moved the drills to Thursday, so that the night shift can watch.",
    ),
    say(
      2,
      -1440 + 21,
      "The plan is in [the handbook](https://example.org/handbook), a short read.",
    ),
    say(6, -1440 + 26, "Thursday is good. I will keep an eye on the queue lengths from 22:00 on.", {
      reactions: [
        { emoji: "👍", by: [1, 2, 3] },
        { emoji: "🌙", by: [2] },
      ],
    }),
    say(3, 5, CODE, { replies: { count: 4, last: 30, last_at: NOON + 40 * 60_000 } }),
    say(
      1,
      9,
      "That reads well. One question about `waiting`: is it counted before or after the slots are handed out?",
      { quote: 9 },
    ),
    say(4, 12, "I cannot see the board yet, is that because I am a guest here?"),
    say(2, 14, "@owner could you look at the invitation? It should lead to #design as well.", {
      mentions: [1],
    }),
    say(5, 16, "Build **4f21c09** passed in 3 min 12 s · [log](https://example.org/log)", {
      name: "Build Bot",
    }),
    say(3, 22, TABLE, {
      edited_at: NOON + 23 * 60_000,
      reactions: [{ emoji: "🎉", by: [1, 2, 4, 6] }],
    }),
    say(6, 25, "", { deleted: true }),
    say(6, 26, "Here is last night on one page.", {
      files: [
        { id: 1, name: "storm.png", mime: "image/png", size: 48_213, width: 840, height: 420 },
        { id: 2, name: "the night in numbers.pdf", mime: "application/pdf", size: 1_843_220 },
      ],
    }),
    say(1, 31, "Thank you, that helps. I will write it up before lunch."),
    say(1, 32, "And I will ask for a second pair of eyes on the admission part.", {}, "sending"),
  ];
}

function design(): Item[] {
  return Array.from({ length: 200 }, (_, i) =>
    say(
      (i % 3) + 1,
      -600 + i * 3,
      `Message number ${i + 1}${i % 7 === 0 ? `, with a few more words so that it takes more than one line on a narrow screen and the list has rows of different heights` : ""}.`,
    ),
  );
}

function room(
  id: number,
  kind: RoomSummary["room_kind"],
  name: string,
  items: Item[],
  more: Partial<RoomSummary> = {},
  extra: Partial<Room> = {},
): Room {
  const summary: RoomSummary = {
    id,
    room_kind: kind,
    name,
    epoch: 1,
    head: 99,
    last_message: 99,
    last_at: NOON,
    read: 99,
    mentions: 0,
    role: "member",
    notify: "mentions",
    members: 7,
    ...more,
  };
  const others = (summary.with ?? []).map((who) => PEOPLE[who - 1]?.display ?? "");
  return {
    id,
    summary,
    title: kind === "direct" ? others.join(", ") : name,
    unread: { bold: false, count: 0, muted: false, first: null },
    items,
    at: { epoch: 1, seq: 99 },
    asOf: null,
    moreBefore: false,
    loadingBefore: false,
    newAfter: null,
    members: PEOPLE.map((person, i) => ({
      account: person.id,
      role: i === 2 ? ("moderator" as const) : ("member" as const),
    })),
    pins: [],
    changedAt: 0,
    ...extra,
  };
}

/** The state of somebody who is in the middle of a day's work. */
export function fixture(): State {
  const items = lobby();
  const unread = { bold: true, count: 0, muted: false, first: null };
  const rooms = [
    room(
      1,
      "public",
      "lobby",
      items,
      { topic: "Everybody is here · drills are on Thursday", favourite: true, role: "moderator" },
      { newAfter: 11, pins: [2] },
    ),
    room(
      2,
      "public",
      "design",
      design(),
      { topic: "How it looks and how it reads" },
      { unread: { ...unread, count: 2 } },
    ),
    room(3, "public", "announcements", [], { read_only: true }, { unread }),
    room(4, "private", "operations", []),
    room(
      5,
      "public",
      "noise",
      [],
      { notify: "none" },
      { unread: { bold: false, count: 0, muted: true, first: null } },
    ),
    room(
      6,
      "direct",
      "",
      [say(6, 3, "Are you there?")],
      { with: [6] },
      { unread: { ...unread, count: 1 } },
    ),
    room(7, "direct", "", [], { with: [2] }),
    room(8, "direct", "", [], { with: [2, 3, 7] }),
  ];
  const root =
    items.find((item): item is Line => item.kind === "line" && item.event.seq === 9) ?? null;
  return {
    ...firstState("/r/1"),
    phase: "signed_in",
    workspace: {
      name: "Lighthouse",
      needsSetup: false,
      build: "dev",
      textBytesMax: 32_768,
      fileBytesMax: 100_000_000,
      filesPerMessageMax: 10,
      passwordCharsMin: 8,
    },
    me: PEOPLE[0] ?? null,
    bar: { state: "live" },
    rooms: new Map(rooms.map((one) => [one.id, one])),
    sections: { favourite: [1], rooms: [3, 2, 5, 4], direct: [6, 7, 8], archived: [] },
    people: new Map(PEOPLE.map((person) => [person.id, person])),
    presence: new Map([
      [1, "online"],
      [2, "online"],
      [6, "away"],
      [3, "online"],
    ]),
    typing: new Map([[1, [{ who: 3, thread: null }]]]),
    drafts: new Map([["4", { text: "later", files: [], quote: null, alsoRoom: false, at: NOON }]]),
    threads: new Map([
      [
        "1/9",
        {
          room: 1,
          root: 9,
          first: root,
          items: [
            say(
              1,
              24,
              "Before: the slot is part of the table, so a waiting client counts from the first moment.",
              { thread: 9 },
            ),
            say(3, 30, "Then the limit holds whatever comes in. 👌", { thread: 9 }),
            say(6, 38, "Tried it with 15,000: flat.", {
              thread: 9,
              reactions: [{ emoji: "🚀", by: [1, 3] }],
            }),
          ],
          moreBefore: false,
          loading: false,
          followed: true,
        },
      ],
    ]),
    attention: { count: 3, bold: true },
    inbox: {
      loading: false,
      why: null,
      items: root === null ? [] : [{ room: 1, root: root.event, unread: 2, last: null }],
    },
    browse: {
      loading: false,
      why: null,
      items: [
        {
          id: 1,
          name: "lobby",
          topic: "Everybody is here",
          kind: "public",
          members: 7,
          joined: true,
          archived: false,
        },
        {
          id: 9,
          name: "reading",
          topic: "Papers, post-mortems and long articles",
          kind: "public",
          members: 4,
          joined: false,
          archived: false,
        },
      ],
    },
    sessions: {
      loading: false,
      why: null,
      items: [
        {
          id: 1,
          device: "Chrome, Linux",
          createdAt: NOON - 9 * DAY_MS,
          seenAt: NOON,
          expiresAt: NOON + 30 * DAY_MS,
          current: true,
        },
        {
          id: 2,
          device: "Safari, iPhone",
          createdAt: NOON - 40 * DAY_MS,
          seenAt: NOON - DAY_MS,
          expiresAt: NOON + 30 * DAY_MS,
          current: false,
        },
      ],
    },
  };
}
