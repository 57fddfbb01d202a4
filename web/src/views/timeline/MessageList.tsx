/** The messages of a room or of a thread: scrolling, jumping, the "new" line, holes, and the focus. */
import { memo, type ReactNode, useCallback, useEffect, useMemo, useRef } from "react";
import { t } from "../../i18n/t.ts";
import type { Item } from "../../sync/model.ts";
import type { RoomId, Seq } from "../../wire/types.ts";
import { Icon } from "../parts/Icon.tsx";
import { useClient, useStore } from "../useApp.ts";
import { DayRow, HoleRow, NewRow, SystemRow } from "./lesserRows.tsx";
import { MessageRow } from "./MessageRow.tsx";
import { type Row, rows, span } from "./rows.ts";
import { useRovingFocus } from "./useRovingFocus.ts";
import { rowOf, useScroller } from "./useScroller.ts";

/** How long a message that was jumped to stays marked, in milliseconds. */
const MARKED_MS = 2_400;
/** Holes this near to the view are filled, in CSS pixels. */
const HOLE_NEAR_PX = 600;

interface Props {
  readonly room: RoomId;
  readonly thread: Seq | null;
  readonly label: string;
  readonly items: readonly Item[];
  readonly newAfter: Seq | null;
  readonly moreBefore: boolean;
  /** What stands above the oldest line once it is reached. */
  readonly beginning: ReactNode;
  readonly loadBefore: () => void;
  /** The message to show, and how often that was asked for. */
  readonly target: { readonly seq: Seq; readonly jump: number } | null;
  /** New messages that are above the view; offers to go there. */
  readonly unreadAbove?: ReactNode;
}

export function MessageList(props: Props) {
  const { room, thread, items, newAfter, moreBefore, loadBefore, target } = props;
  const client = useClient();
  const all = useMemo(() => rows(items, newAfter), [items, newAfter]);
  const keys = useMemo(() => all.map((row) => row.key), [all]);

  const fillHoles = useHoles(room);
  const looked = useCallback(
    (box: HTMLDivElement, atEnd: boolean) => {
      fillHoles(box);
      const seen = seqsInView(box);
      if (thread === null && seen !== null) client.rooms.inView(room, seen[0], seen[1]);
      if (thread === null && atEnd && document.hasFocus()) client.marks.readInView(room);
    },
    [client, room, thread, fillHoles],
  );
  const nearStart = useCallback(() => {
    if (moreBefore) loadBefore();
  }, [moreBefore, loadBefore]);
  const begin = useRef(target === null && thread === null ? beginning(all, moreBefore) : null);
  const scroller = useScroller({
    keys,
    beginAt: begin.current,
    nearStart,
    looked,
  });
  useJump(all, target, scroller.ref, scroller.toRow);
  useReadOnFocus(scroller.ref, scroller.onScroll);
  const roving = useRovingFocus(scroller.ref);
  const away = useStore(
    (state) => state.bar.state === "offline" || state.bar.state === "reconnecting",
  );
  const below = useBelow(all, scroller.atEnd);
  const { start, end } = scroller.range;

  return (
    <div className="list-place">
      {/* biome-ignore lint/a11y/noStaticElementInteractions: keys and focus of the rows bubble to here */}
      <div
        className="list"
        ref={scroller.ref}
        onScroll={scroller.onScroll}
        onFocus={roving}
        onKeyDown={roving}
      >
        <div className="list-inner" role="log" aria-live="off" aria-label={props.label}>
          {start === 0 &&
            (moreBefore ? (
              <p className="list-more">{t(away ? "list.earlier_offline" : "list.earlier")}</p>
            ) : (
              props.beginning
            ))}
          {all.slice(start, end).map((row) => (
            <RowView key={row.key} row={row} room={room} thread={thread} />
          ))}
        </div>
      </div>
      {props.unreadAbove}
      {!(scroller.atEnd && end === all.length) && (
        <ToNewest below={below} onClick={scroller.toEnd} />
      )}
    </div>
  );
}

/** How many messages came below while one was reading further up. */
function useBelow(all: readonly Row[], atEnd: boolean): number {
  const seen = useRef<string | null>(null);
  if (atEnd || seen.current === null) seen.current = all.at(-1)?.key ?? null;
  const last = all.findLastIndex((row) => row.key === seen.current);
  return last < 0 ? 0 : all.slice(last + 1).filter((row) => row.kind === "message").length;
}

function ToNewest({ below, onClick }: { readonly below: number; readonly onClick: () => void }) {
  const words = below > 0 ? t("list.newest_count", { count: below }) : t("list.newest");
  return (
    <button
      type="button"
      className="to-newest"
      data-count={below > 0 || undefined}
      onClick={onClick}
      title={t("list.newest")}
      aria-label={below > 0 ? undefined : words}
    >
      <Icon name="arrow_down" />
      {below > 0 && words}
    </button>
  );
}

/** Where reading goes on: at the "new" line, unless the first message not read is not even here. */
function beginning(all: readonly Row[], moreBefore: boolean): string | null {
  const at = all.findIndex((row) => row.kind === "new");
  if (at < 0) return null;
  const readAbove = all.slice(0, at).some((row) => row.kind === "message" || row.kind === "system");
  return readAbove || !moreBefore ? "new" : null;
}

const RowView = memo(function RowView({
  row,
  room,
  thread,
}: {
  readonly row: Row;
  readonly room: RoomId;
  readonly thread: Seq | null;
}) {
  switch (row.kind) {
    case "day":
      return <DayRow at={row.at} rowKey={row.key} />;
    case "new":
      return <NewRow />;
    case "hole":
      return <HoleRow rowKey={row.key} hole={row.hole} />;
    case "message":
      return <MessageRow line={row.line} head={row.head} room={room} thread={thread} />;
    case "system":
      return <SystemRow rowKey={row.key} lines={row.lines} before={row.before} />;
    default:
      return row satisfies never;
  }
}, sameRow);

/** Rows are made anew with every change of the timeline; most say what they said before. */
function sameRow(
  a: { readonly row: Row; readonly room: RoomId; readonly thread: Seq | null },
  b: { readonly row: Row; readonly room: RoomId; readonly thread: Seq | null },
): boolean {
  if (a.room !== b.room || a.thread !== b.thread || a.row.key !== b.row.key) return false;
  if (a.row.kind === "message" && b.row.kind === "message") {
    return a.row.line === b.row.line && a.row.head === b.row.head;
  }
  if (a.row.kind === "hole" && b.row.kind === "hole") return a.row.hole === b.row.hole;
  if (a.row.kind === "day" && b.row.kind === "day") return a.row.at === b.row.at;
  if (a.row.kind === "system" && b.row.kind === "system") {
    const other = b.row.lines;
    return a.row.lines.length === other.length && a.row.lines.every((line, i) => line === other[i]);
  }
  return a.row.kind === "new" && b.row.kind === "new";
}

/** Goes to the message asked for as soon as it is there, and marks it for a moment. */
function useJump(
  all: readonly Row[],
  target: Props["target"],
  ref: React.RefObject<HTMLDivElement | null>,
  toRow: (key: string, where: "third" | "top") => boolean,
): void {
  const done = useRef("");
  useEffect(() => {
    if (target === null) {
      done.current = "";
      return;
    }
    const wish = `${target.seq} ${target.jump}`;
    if (done.current === wish) return;
    const row = all.find((candidate) => {
      const seqs = span(candidate);
      return seqs !== null && seqs[0] <= target.seq && target.seq <= seqs[1];
    });
    if (row === undefined || !toRow(row.key, "third")) return;
    done.current = wish;
    requestAnimationFrame(() => {
      const element = ref.current === null ? null : rowOf(ref.current, row.key);
      if (element === null) return;
      element.focus({ preventScroll: true });
      element.dataset.marked = "true";
      setTimeout(() => delete element.dataset.marked, MARKED_MS);
    });
  }, [all, target, ref, toRow]);
}

/** Coming back to the page reads what is in view. */
function useReadOnFocus(ref: React.RefObject<HTMLDivElement | null>, look: () => void): void {
  useEffect(() => {
    const again = () => {
      if (ref.current !== null) look();
    };
    window.addEventListener("focus", again);
    return () => window.removeEventListener("focus", again);
  }, [ref, look]);
}

/** Fills the holes near the view from the side that one comes from. */
function useHoles(room: RoomId): (box: HTMLDivElement) => void {
  const { rooms } = useClient();
  const last = useRef({ top: 0, down: false });
  const busy = useRef(false);
  return useCallback(
    (box) => {
      const { scrollTop: top } = box;
      const down = top === last.current.top ? last.current.down : top > last.current.top;
      last.current = { top, down };
      const view = box.getBoundingClientRect();
      for (const hole of box.querySelectorAll<HTMLElement>("[data-hole]")) {
        const place = hole.getBoundingClientRect();
        const near =
          place.bottom > view.top - HOLE_NEAR_PX && place.top < view.bottom + HOLE_NEAR_PX;
        if (!near || busy.current || hole.dataset.loading === "true") continue;
        busy.current = true;
        const work = down
          ? rooms.loadAround(room, Number(hole.dataset.after) + 1)
          : rooms.fillHole(room, Number(hole.dataset.hole));
        void Promise.resolve(work)
          .catch(() => undefined)
          .finally(() => {
            busy.current = false;
          });
      }
    },
    [rooms, room],
  );
}

function seqsInView(box: HTMLDivElement): readonly [Seq, Seq] | null {
  const view = box.getBoundingClientRect();
  let first = 0;
  let last = 0;
  for (const row of box.querySelectorAll<HTMLElement>("[data-seq]")) {
    const place = row.getBoundingClientRect();
    if (place.bottom < view.top) continue;
    if (place.top > view.bottom) break;
    const seq = Number(row.dataset.seq);
    if (seq > 0) {
      if (first === 0) first = seq;
      last = seq;
    }
  }
  return first === 0 ? null : [first, last];
}
