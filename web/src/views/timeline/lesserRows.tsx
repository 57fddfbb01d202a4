/** Rows of the list that are not messages: days, the "new" line, holes, and the system's lines. */
import { clock, day, iso, moment } from "../../i18n/clock.ts";
import { t } from "../../i18n/t.ts";
import type { Hole, Line } from "../../sync/model.ts";
import type { RoomFacts } from "../../wire/types.ts";
import { useNameOf } from "../people.ts";
import { useStore } from "../useApp.ts";
import { sentences } from "./system.ts";

export function DayRow({ at, rowKey }: { readonly at: number; readonly rowKey: string }) {
  return (
    <div className="row-day" data-key={rowKey}>
      <h3>
        <time dateTime={iso(at)}>{day(at, Date.now())}</time>
      </h3>
    </div>
  );
}

export function NewRow() {
  return (
    <div className="row-new" data-key="new">
      <span>{t("list.new")}</span>
    </div>
  );
}

export function HoleRow({ rowKey, hole }: { readonly rowKey: string; readonly hole: Hole }) {
  const offline = useStore(
    (state) => state.bar.state === "offline" || state.bar.state === "reconnecting",
  );
  return (
    <div
      className="row-hole"
      data-key={rowKey}
      data-hole={hole.before}
      data-after={hole.after}
      data-loading={hole.loading}
    >
      <span>{t(offline ? "list.hole_offline" : "list.hole")}</span>
    </div>
  );
}

interface SystemProps {
  readonly rowKey: string;
  readonly lines: readonly Line[];
  readonly before: readonly (RoomFacts | null)[];
}

export function SystemRow({ rowKey, lines, before }: SystemProps) {
  const nameOf = useNameOf();
  const events = lines.map((line) => line.event);
  const last = events.at(-1);
  if (last === undefined) return null;
  return (
    <div className="row-system" data-key={rowKey} data-seq={last.seq}>
      <time dateTime={iso(last.at)} title={moment(last.at)}>
        {clock(last.at)}
      </time>
      <p>{sentences(events, before, nameOf).join(" · ")}</p>
    </div>
  );
}
