/**
 * One room as this client knows it: applies its events by seq, and merges snapshots and pages of
 * history whichever order they come in. Never asks for anything; `rooms.ts` does.
 */

import type {
  AccountId,
  Event,
  Member,
  MemberRole,
  Millis,
  Position,
  RoomSummary,
  Seq,
  Snapshot,
} from "../wire/types.ts";
import type { Page } from "./answers.ts";
import { fold, foldReply, inRoom, isLine, targetOf, threadOf } from "./fold.ts";
import { Log, type Stretch } from "./log.ts";
import { summaryAfter } from "./marks.ts";
import { type Keys, Timeline } from "./timeline.ts";

/** What became of an event. */
export type Applied = "applied" | "repeated" | "hole";

/** One thread of a room that has been looked at. */
export interface ThreadLog {
  readonly root: Seq;
  readonly log: Log;
  readonly timeline: Timeline;
  loading: boolean;
  followed: boolean | null;
}

/** Events kept for pages that were read before them; more than arrive while a page is on its way. */
const RECENT_MAX = 1_024;

export class RoomLog {
  summary: RoomSummary;
  /** Everything up to here has been applied. */
  at: Position;
  /** A snapshot has been applied, or one was kept on the device. */
  opened = false;
  /** When it was last in sync, while it is not. */
  asOf: Millis | null = null;
  newAfter: Seq | null = null;
  /** The last event that edited, deleted, pinned or unpinned a message. */
  changedAt: Seq = 0;
  readonly main = new Log();
  readonly timeline = new Timeline(this.main);
  readonly threads = new Map<Seq, ThreadLog>();
  readonly filling = new Set<Seq>();
  loadingBefore = false;
  readonly me: AccountId;
  #members = new Map<AccountId, MemberRole>();
  #recent: Event[] = [];
  readonly #keys = new Map<Seq, string>();

  constructor(summary: RoomSummary, me: AccountId) {
    this.summary = summary;
    this.at = { epoch: summary.epoch, seq: summary.head };
    this.me = me;
  }

  get keys(): Keys {
    return this.#keys;
  }

  get members(): readonly Member[] {
    return [...this.#members].map(([account, role]) => ({ account, role }));
  }

  /** The line at a seq keeps the key of its echo. */
  keepKey(seq: Seq, key: string): void {
    this.#keys.set(seq, key);
  }

  /** Applies the next event of the room's log. */
  apply(event: Event): Applied {
    if (event.seq <= this.at.seq) return "repeated";
    if (event.seq > this.at.seq + 1) return "hole";
    this.at = { epoch: this.at.epoch, seq: event.seq };
    this.summary = summaryAfter(this.summary, event, this.me);
    this.#recent.push(event);
    if (this.#recent.length > 2 * RECENT_MAX) this.#recent = this.#recent.slice(-RECENT_MAX);
    this.#applyMember(event);
    if (targetOf(event) !== null && event.kind !== "react") this.changedAt = event.seq;
    this.#advance(this.main, this.timeline, event, inRoom(event));
    for (const { root, log, timeline } of this.threads.values()) {
      this.#advance(log, timeline, event, threadOf(event) === root);
    }
    return "applied";
  }

  /** Applies the room's state at a position. What was missed before it is a hole until filled. */
  snapshot(snapshot: Snapshot): void {
    const { at, lines, more } = snapshot;
    if (at.epoch !== this.at.epoch) this.#reset(at);
    const from = more ? (lines[0]?.seq ?? at.seq + 1) : 1;
    const stretch = { lines, from, to: at.seq };
    const earlier = this.opened && at.seq < this.at.seq;
    if (!earlier || !this.merge(this.main, this.timeline, stretch, at)) {
      if (at.seq < this.at.seq) this.#rewind(at.seq);
      else if (at.seq > this.at.seq) this.#freeze(this.at.seq);
      this.at = at;
      this.#recent = [];
      this.main.put(stretch, at.seq, at.seq);
      this.opened = true;
    }
    this.changedAt = Math.max(this.changedAt, at.seq);
    this.#adopt(snapshot);
    for (const event of this.#recent) if (event.seq > at.seq) this.#applyMember(event);
    this.asOf = null;
  }

  /** Merges a page of history. False: it is too old to be brought up to date, so ask again. */
  page(page: Page, asked: { before?: Seq; after?: Seq }, thread: ThreadLog | null): boolean {
    const first = page.lines[0]?.seq;
    const last = page.lines.at(-1)?.seq;
    const stretch: Stretch = {
      lines: page.lines,
      from: asked.after !== undefined ? asked.after + 1 : page.more_before ? (first ?? 1) : 1,
      to:
        asked.before !== undefined ? asked.before - 1 : page.more_after ? (last ?? 0) : page.at.seq,
    };
    const { log, timeline } = thread ?? { log: this.main, timeline: this.timeline };
    return this.merge(log, timeline, stretch, page.at);
  }

  /** Merges lines that are as of a position, which may be before or after the room's own. */
  merge(log: Log, timeline: Timeline, stretch: Stretch, asOf: Position): boolean {
    if (asOf.epoch !== this.at.epoch) return false;
    const later = this.#recent.filter((event) => event.seq > asOf.seq);
    const unbroken = asOf.seq >= this.at.seq || later[0]?.seq === asOf.seq + 1;
    if (!unbroken) return false;
    const to = Math.min(stretch.to, this.at.seq);
    log.put({ ...stretch, to }, asOf.seq, this.at.seq);
    for (const event of later) this.#change(log, timeline, event);
    return true;
  }

  /** Events were missed, up to `head`; they may be too many, or of another history. */
  gap(head: Position): void {
    if (head.epoch !== this.at.epoch) this.#reset(head);
    else this.#freeze(this.at.seq);
    this.at = head;
    this.#recent = [];
    this.summary = { ...this.summary, epoch: head.epoch, head: head.seq };
  }

  /** The account's list says how the room stands. */
  listed(summary: RoomSummary): void {
    const local = this.summary;
    if (summary.epoch !== this.at.epoch) {
      this.gap({ epoch: summary.epoch, seq: summary.head });
      this.summary = summary;
      return;
    }
    // Events that have been applied may be later than this summary.
    const later = local.head > summary.head ? local : summary;
    this.summary = {
      ...summary,
      head: later.head,
      last_message: Math.max(local.last_message, summary.last_message),
      last_at: Math.max(local.last_at, summary.last_at),
    };
    // Nothing is known of a room that was never opened, so nothing can be missed either.
    if (!this.opened && summary.head > this.at.seq) {
      this.at = { epoch: summary.epoch, seq: summary.head };
      this.#recent = [];
    }
  }

  thread(root: Seq): ThreadLog {
    const known = this.threads.get(root);
    if (known !== undefined) return known;
    const log = new Log();
    const thread: ThreadLog = {
      root,
      log,
      timeline: new Timeline(log),
      loading: false,
      followed: null,
    };
    this.threads.set(root, thread);
    return thread;
  }

  /** What was kept of it on the device. */
  restore(kept: {
    readonly at: Position;
    readonly lines: readonly Event[];
    readonly spans: Log["spans"];
    readonly members: readonly Member[];
    readonly asOf: Millis;
  }): void {
    this.at = kept.at;
    this.main.restore(kept.lines, kept.spans);
    this.#members = new Map(kept.members.map(({ account, role }) => [account, role]));
    this.opened = true;
    this.asOf = kept.asOf;
    const { head, last_message, last_at } = this.summary;
    const last = kept.lines.findLast((line) => line.kind === "message");
    this.summary = {
      ...this.summary,
      head: Math.max(head, kept.at.seq),
      last_message: Math.max(last_message, last?.seq ?? 0),
      last_at: Math.max(last_at, last?.at ?? 0),
    };
  }

  /** What was kept of a thread on the device. */
  restoreThread(kept: {
    readonly root: Seq;
    readonly at: Position;
    readonly lines: readonly Event[];
    readonly spans: Log["spans"];
  }): void {
    if (kept.at.epoch !== this.at.epoch) return;
    const { log } = this.thread(kept.root);
    log.restore(kept.lines, kept.spans);
    if (kept.at.seq !== this.at.seq) log.freeze(Math.min(kept.at.seq, this.at.seq));
  }

  #advance(log: Log, timeline: Timeline, event: Event, belongs: boolean): void {
    this.#change(log, timeline, event);
    log.advance(event.seq, isLine(event) && belongs ? event : null);
  }

  /** Lets an event change the lines that it is about. */
  #change(log: Log, timeline: Timeline, event: Event): void {
    const target = targetOf(event);
    if (target !== null && log.change(target, event.seq, (line) => fold(line, event))) {
      timeline.changed(target, this.#keys);
    }
    const root = threadOf(event);
    if (root !== null && log.change(root, event.seq, (line) => foldReply(line, event))) {
      timeline.changed(root, this.#keys);
    }
  }

  #applyMember(event: Event): void {
    if (event.kind === "join" || event.kind === "role") this.#members.set(event.who, event.role);
    else if (event.kind === "leave") this.#members.delete(event.who);
  }

  #adopt({ facts, members, members_total, at, lines }: Snapshot): void {
    this.#members = new Map(members.map(({ account, role }) => [account, role]));
    const last = lines.findLast((line) => line.kind === "message");
    // A snapshot is shared and may be older than the list, which knows better then.
    const older = at.seq < this.summary.head;
    this.summary = {
      ...this.summary,
      ...(older ? {} : { topic: undefined, archived: undefined, read_only: undefined, ...facts }),
      epoch: at.epoch,
      head: Math.max(this.summary.head, at.seq),
      last_message: Math.max(this.summary.last_message, last?.seq ?? 0),
      last_at: Math.max(this.summary.last_at, last?.at ?? 0),
      members: older ? this.summary.members : members_total,
    };
  }

  #freeze(position: Seq): void {
    this.main.freeze(position);
    for (const { log } of this.threads.values()) log.freeze(position);
  }

  /** Goes back to a position, from which the events will be sent again. */
  #rewind(seq: Seq): void {
    this.main.rewind(seq);
    for (const { log } of this.threads.values()) log.rewind(seq);
  }

  /** Another history: nothing known of the one before holds. */
  #reset(at: Position): void {
    this.at = { epoch: at.epoch, seq: 0 };
    this.main.restore([], []);
    this.threads.clear();
    this.#recent = [];
    this.#keys.clear();
    this.newAfter = null;
    this.changedAt = 0;
    this.summary = { ...this.summary, epoch: at.epoch, head: 0, last_message: 0 };
  }
}
