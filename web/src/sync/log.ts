/**
 * The lines of one timeline (a room's own, or one thread's) as far as they are known: sorted by seq,
 * with the stretches that are complete. Finding, appending and changing a line cost O(log n).
 */
import type { Event, Seq } from "../wire/types.ts";
import { cover, cut, freeze, LIVE, type Span, spanAt } from "./spans.ts";

/** A stretch of lines as the server gave it. */
export interface Stretch {
  readonly lines: readonly Event[];
  readonly from: Seq;
  readonly to: Seq;
}

export class Log {
  #lines: Event[] = [];
  #spans: Span[] = [];
  /** Lines that are ahead of the room, and up to where: changes not above that are in them already. */
  readonly #ahead = new Map<Seq, Seq>();
  /** Raised whenever lines were added elsewhere than at the end, or spans changed. */
  shape = 0;

  get lines(): readonly Event[] {
    return this.#lines;
  }

  get spans(): readonly Span[] {
    return this.#spans;
  }

  get first(): Event | undefined {
    return this.#lines[0];
  }

  /** The line at a seq, if it is known. */
  at(seq: Seq): Event | null {
    const line = this.#lines[this.#index(seq)];
    return line?.seq === seq ? line : null;
  }

  /** Whether all is known of the stretch around a seq, and whether it follows the room. */
  knows(seq: Seq): "live" | "stale" | "no" {
    const span = spanAt(this.#spans, seq);
    if (span === null) return "no";
    return span.upTo === LIVE ? "live" : "stale";
  }

  /** The room's log went on by one event; `line` if that has a line here. */
  advance(seq: Seq, line: Event | null): void {
    if (line !== null) this.#lines.push(line);
    const last = this.#spans.at(-1);
    if (last !== undefined && last.upTo === LIVE && last.to === seq - 1) {
      this.#spans[this.#spans.length - 1] = { ...last, to: seq };
    } else {
      this.#spans = cover(this.#spans, { from: seq, to: seq, upTo: LIVE });
      this.shape++;
    }
    this.#ahead.delete(seq);
  }

  /** Changes the line at a seq, unless the change at `by` is in it already. True: it differs. */
  change(seq: Seq, by: Seq, how: (line: Event) => Event): boolean {
    const index = this.#index(seq);
    const line = this.#lines[index];
    if (line?.seq !== seq) return false;
    const ahead = this.#ahead.get(seq);
    if (ahead !== undefined) {
      if (by <= ahead) return false;
      this.#ahead.delete(seq);
    }
    const changed = how(line);
    if (changed === line) return false;
    this.#lines[index] = changed;
    return true;
  }

  /** Takes over a stretch whose lines are as of `asOf`, in place of what was known of it. */
  put(stretch: Stretch, asOf: Seq, position: Seq): void {
    const { lines, from, to } = stretch;
    if (to < from) return;
    const begin = this.#index(from);
    const end = this.#index(to + 1);
    const inside = lines.filter((line) => line.seq >= from && line.seq <= to);
    this.#lines.splice(begin, end - begin, ...inside);
    this.#spans = cover(this.#spans, { from, to, upTo: LIVE });
    if (asOf > position) for (const line of inside) this.#ahead.set(line.seq, asOf);
    this.shape++;
  }

  /** Adds a single line outside any stretch: the root of a thread, say. */
  place(line: Event): void {
    const index = this.#index(line.seq);
    if (this.#lines[index]?.seq === line.seq) this.#lines[index] = line;
    else this.#lines.splice(index, 0, line);
    this.shape++;
  }

  /** Events after `position` were missed: what is known stays, but is no longer current. */
  freeze(position: Seq): void {
    this.#spans = freeze(this.#spans, position);
    this.#ahead.clear();
    this.shape++;
  }

  /** Forgets everything after a seq. */
  rewind(seq: Seq): void {
    this.#lines = this.#lines.slice(0, this.#index(seq + 1));
    this.#spans = freeze(cut(this.#spans, seq + 1, LIVE), seq);
    this.#ahead.clear();
    this.shape++;
  }

  /** What was kept on the device. */
  restore(lines: readonly Event[], spans: readonly Span[]): void {
    this.#lines = [...lines];
    this.#spans = [...spans];
    this.#ahead.clear();
    this.shape++;
  }

  /** The last lines with the stretches they are in, for keeping on the device. */
  tail(count: number): { lines: readonly Event[]; spans: readonly Span[] } {
    const lines = this.#lines.slice(-count);
    const from = lines[0]?.seq ?? 0;
    const spans = lines.length < this.#lines.length ? cut(this.#spans, 0, from - 1) : this.#spans;
    return { lines, spans };
  }

  /** The index of the first line at or after a seq. */
  #index(seq: Seq): number {
    const last = this.#lines.at(-1);
    if (last === undefined || last.seq < seq) return this.#lines.length;
    let low = 0;
    let high = this.#lines.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#lines[middle]?.seq ?? 0) < seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
