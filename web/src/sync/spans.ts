/**
 * Which stretches of a log are known, and how current each is. Stretches are disjoint, in order, and
 * hold every line between their ends. Pure.
 */
import type { Seq } from "../wire/types.ts";

export interface Span {
  readonly from: Seq;
  readonly to: Seq;
  /** Every change up to here has been folded into its lines; [LIVE]: they follow the room. */
  readonly upTo: Seq;
}

/** As current as the room itself. */
export const LIVE = Number.POSITIVE_INFINITY;

/** `spans` with a stretch known in another way than before. */
export function cover(spans: readonly Span[], span: Span): Span[] {
  if (span.to < span.from) return [...spans];
  return join([...cut(spans, span.from, span.to), span].sort((a, b) => a.from - b.from));
}

/** `spans` without what lies in a stretch. */
export function cut(spans: readonly Span[], from: Seq, to: Seq): Span[] {
  return spans.flatMap((span) => {
    if (span.to < from || span.from > to) return [span];
    const rest: Span[] = [];
    if (span.from < from) rest.push({ ...span, to: from - 1 });
    if (span.to > to) rest.push({ ...span, from: to + 1 });
    return rest;
  });
}

/** `spans` once something after `position` may have been missed: nothing is live any more. */
export function freeze(spans: readonly Span[], position: Seq): Span[] {
  return spans.map((span) => (span.upTo === LIVE ? { ...span, upTo: position } : span));
}

/** The span that holds a seq. */
export function spanAt(spans: readonly Span[], seq: Seq): Span | null {
  let low = 0;
  let high = spans.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const span = spans[middle];
    if (span === undefined) return null;
    if (seq < span.from) high = middle - 1;
    else if (seq > span.to) low = middle + 1;
    else return span;
  }
  return null;
}

function join(spans: readonly Span[]): Span[] {
  const joined: Span[] = [];
  for (const span of spans) {
    const last = joined.at(-1);
    if (last !== undefined && last.upTo === span.upTo && last.to + 1 >= span.from) {
      joined[joined.length - 1] = { ...last, to: Math.max(last.to, span.to) };
    } else {
      joined.push(span);
    }
  }
  return joined;
}
