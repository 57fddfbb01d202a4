/** What the connection bar says in each state. Pure: the clock is given. */
import { clock, clockExact } from "../i18n/clock.ts";
import { type Key, list, t } from "../i18n/t.ts";
import type { Bar } from "../sync/model.ts";

export interface BarWords {
  /** `busy`: being dealt with; `stopped`: a person is needed; `good`: all is well again. */
  readonly tone: "busy" | "stopped" | "good";
  readonly text: string;
  /** What stands behind it in a quieter voice, such as the place in the line. */
  readonly detail: string | null;
  /** The operator's own words. */
  readonly quote: string | null;
  /** What the button does, if there is one. */
  readonly offer: "try_now" | "show" | "sign_in" | "reload" | null;
}

/** The words, or null when there is nothing to say. */
export function barWords(bar: Bar, now: number): BarWords | null {
  switch (bar.state) {
    case "live":
    case "blip":
      return null;
    case "reconnecting":
      return { ...busy(reconnecting(bar.inSyncUntil, bar.waiting)), offer: "try_now" };
    case "waiting":
      return waiting(bar, now);
    case "offline":
      return busy(
        bar.waiting === 0 ? t("bar.offline") : t("bar.offline_posts", { count: bar.waiting }),
      );
    case "read_only":
      return { ...busy(t("bar.read_only")), detail: posts(bar.waiting) };
    case "partial":
      return busy(partial(bar.shed));
    case "back":
      return back(bar);
    case "sign_in":
      return { ...busy(t("bar.sign_in")), tone: "stopped", offer: "sign_in" };
    case "reload": {
      const text =
        bar.unsent === 0 ? t("bar.reload") : t("bar.reload_unsent", { count: bar.unsent });
      return { ...busy(text), tone: "good", offer: "reload" };
    }
    default:
      return bar satisfies never;
  }
}

function busy(text: string): BarWords {
  return { tone: "busy", text, detail: null, quote: null, offer: null };
}

function reconnecting(inSyncUntil: number | null, unsent: number): string {
  const parts = [t("bar.reconnecting")];
  if (inSyncUntil !== null) parts.push(t("bar.in_sync_until", { time: clockExact(inSyncUntil) }));
  return [...parts, posts(unsent) ?? []].flat().join(" ");
}

function posts(unsent: number): string | null {
  return unsent === 0 ? null : t("bar.waiting_posts", { count: unsent });
}

const WAITS: Readonly<Record<"turn" | "later" | "gate" | "drain", readonly [Key, Key]>> = {
  turn: ["bar.waiting", "bar.waiting_soon"],
  later: ["bar.waiting_later", "bar.waiting_soon"],
  gate: ["bar.gate", "bar.gate_soon"],
  drain: ["bar.drain", "bar.drain_soon"],
};

function waiting(bar: Extract<Bar, { state: "waiting" }>, now: number): BarWords {
  const seconds = Math.ceil((bar.turnAt - now) / 1000);
  const [soonest, soon] = WAITS[bar.later && bar.why === "turn" ? "later" : bar.why];
  const text = seconds > 0 ? t(soonest, { time: about(seconds) }) : t(soon);
  const place = bar.place === null || bar.place === 0 ? null : t("bar.place", { count: bar.place });
  const details = [place, posts(bar.waiting)].filter((part) => part !== null);
  const detail = details.length === 0 ? null : details.join(" ");
  return { ...busy(text), detail, quote: bar.message };
}

/** A wait as one says it: to the second while that means something. */
function about(seconds: number): string {
  if (seconds < 100) return t("bar.seconds", { count: seconds });
  return t("bar.minutes", { count: Math.ceil(seconds / 60) });
}

const SHED: readonly (readonly [string, Key])[] = [
  ["presence", "bar.shed_presence"],
  ["typing", "bar.shed_typing"],
  ["snapshots", "bar.shed_snapshots"],
  ["search", "bar.shed_search"],
];

/** Whoever sheds presence sheds typing before it, which goes without saying. */
function partial(shed: readonly string[]): string {
  const said = SHED.filter(
    ([name]) => shed.includes(name) && !(name === "typing" && shed.includes("presence")),
  );
  if (said.length === 0) return t("bar.partial_other");
  const what = list(said.map(([, key]) => t(key)));
  // Two of something where one name stands for many.
  const many = said.length > 1 || said[0]?.[0] === "snapshots" || said[0]?.[0] === "typing";
  return t("bar.partial", {
    count: many ? 2 : 1,
    what: what.charAt(0).toUpperCase() + what.slice(1),
  });
}

function back(bar: Extract<Bar, { state: "back" }>): BarWords {
  const missed = { count: bar.count, time: clock(bar.since) };
  const text =
    bar.count === 0 ? t("bar.back") : t(bar.atLeast ? "bar.back_many" : "bar.back_missed", missed);
  const offer = bar.count === 0 || bar.room === null ? null : "show";
  return { ...busy(text), tone: "good", offer };
}
