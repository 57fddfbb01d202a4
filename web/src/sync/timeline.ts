/**
 * Turns a log and the outbox into the items of a timeline: lines, holes, and at the end what is being
 * sent. Line objects stay the same while nothing about them differs, so that views can skip them.
 */
import type { AccountId, Event, Seq } from "../wire/types.ts";
import { fold, foreseen } from "./fold.ts";
import type { Log } from "./log.ts";
import type { Hole, Item, Line, OutboxEntry } from "./model.ts";

/** The keys that lines written on this page keep from their echo on. */
export type Keys = ReadonlyMap<Seq, string>;

/** What a timeline is made for. */
export interface Framing {
  /** The last event applied to the room. */
  readonly position: Seq;
  readonly me: AccountId;
  readonly keys: Keys;
  /** What this client has asked for in this room and not heard of. */
  readonly outbox: readonly OutboxEntry[];
  /** Holes that are being filled, by the seq after them. */
  readonly filling: ReadonlySet<Seq>;
  /** Whether an echo belongs here. */
  readonly belongs: (entry: OutboxEntry) => boolean;
}

export class Timeline {
  readonly #log: Log;
  /** The items of the log alone; valid for `#shape` and for the first `#taken` lines. */
  #items: Item[] = [];
  #shape = -1;
  #position: Seq = -1;
  #filling = 0;
  readonly #lines = new WeakMap<Event, Line>();
  #echoes = new Map<string, { entry: OutboxEntry; line: Line }>();
  /** Where the line of a seq stands in `#items`. */
  #places = new Map<Seq, number>();
  #taken = 0;

  constructor(log: Log) {
    this.#log = log;
  }

  /** The line at a seq changed in place. */
  changed(seq: Seq, keys: Keys): void {
    const place = this.#places.get(seq);
    const event = this.#log.at(seq);
    if (place !== undefined && event !== null) this.#items[place] = this.#line(event, keys);
  }

  items(framing: Framing): readonly Item[] {
    const { log, shape } = { log: this.#log, shape: this.#log.shape };
    const trailing = (log.spans.at(-1)?.to ?? framing.position) < framing.position;
    if (
      shape !== this.#shape ||
      this.#filling !== framing.filling.size ||
      (trailing && this.#position !== framing.position)
    ) {
      this.#rebuild(framing);
    } else {
      this.#append(framing.keys);
    }
    const items = [...this.#items];
    this.#overlay(items, framing);
    items.push(...this.#echo(framing));
    return items;
  }

  #append(keys: Keys): void {
    const { lines } = this.#log;
    for (; this.#taken < lines.length; this.#taken++) {
      const event = lines[this.#taken];
      if (event === undefined) continue;
      this.#places.set(event.seq, this.#items.length);
      this.#items.push(this.#line(event, keys));
    }
  }

  #rebuild({ position, keys, filling }: Framing): void {
    const { lines, spans, shape } = this.#log;
    this.#items = [];
    this.#places = new Map();
    let gap = 1;
    let before = spans[gap];
    let after = spans[0]?.to ?? 0;
    for (const event of lines) {
      while (before !== undefined && event.seq >= before.from) {
        if (after + 1 < before.from) this.#items.push(hole(after, before.from, filling));
        after = before.to;
        before = spans[++gap];
      }
      this.#places.set(event.seq, this.#items.length);
      this.#items.push(this.#line(event, keys));
    }
    for (; before !== undefined; before = spans[++gap]) {
      if (after + 1 < before.from) this.#items.push(hole(after, before.from, filling));
      after = before.to;
    }
    if (spans.length > 0 && after < position) {
      this.#items.push(hole(after, position + 1, filling));
    }
    this.#taken = lines.length;
    this.#shape = shape;
    this.#position = position;
    this.#filling = filling.size;
  }

  #line(event: Event, keys: Keys): Line {
    const known = this.#lines.get(event);
    if (known !== undefined) return known;
    const line: Line = {
      kind: "line",
      key: keys.get(event.seq) ?? `s${event.seq}`,
      event,
      state: "stored",
      why: null,
      changing: false,
    };
    this.#lines.set(event, line);
    return line;
  }

  /** Folds what the person has asked for into the lines it is about, before the server has. */
  #overlay(items: Item[], { outbox, me }: Framing): void {
    for (const entry of outbox) {
      if (entry.draft.kind === "message" || entry.state === "failed") continue;
      const place = this.#places.get(entry.draft.target);
      const item = place === undefined ? undefined : items[place];
      if (place === undefined || item?.kind !== "line") continue;
      const event = fold(item.event, foreseen(entry.draft, me, entry.at));
      items[place] = { ...item, event, changing: true };
    }
  }

  #echo({ outbox, me, belongs }: Framing): Line[] {
    const echoes = new Map<string, { entry: OutboxEntry; line: Line }>();
    const lines: Line[] = [];
    for (const entry of outbox) {
      if (entry.draft.kind !== "message" || !belongs(entry)) continue;
      const known = this.#echoes.get(entry.nonce);
      const line = known?.entry === entry ? known.line : echoOf(entry, me);
      echoes.set(entry.nonce, { entry, line });
      lines.push(line);
    }
    this.#echoes = echoes;
    return lines;
  }
}

/** The key of a line that was written here. */
export function echoKey(nonce: string): string {
  return `n${nonce}`;
}

/** What is shown of a draft that is not in its room yet. */
export function echoOf(entry: OutboxEntry, me: AccountId): Line {
  const event = foreseen(entry.draft, me, entry.at);
  const files = entry.files.length > 0 ? { files: [...entry.files] } : {};
  return {
    kind: "line",
    key: echoKey(entry.nonce),
    event: { ...event, nonce: entry.nonce, seq: entry.seq ?? 0, ...files },
    state: entry.state,
    why: entry.why,
    changing: false,
  };
}

function hole(after: Seq, before: Seq, filling: ReadonlySet<Seq>): Hole {
  return { kind: "hole", key: `h${before}`, after, before, loading: filling.has(before) };
}
