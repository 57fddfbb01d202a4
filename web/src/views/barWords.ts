/** What the connection bar says in each state. Pure: the clock is given. */
import { clock, clockExact } from "../i18n/clock.ts";
import { t } from "../i18n/t.ts";
import type { Bar } from "../sync/model.ts";

export interface BarWords {
  /** `busy`: being dealt with; `stopped`: a person is needed; `good`: all is well again. */
  readonly tone: "busy" | "stopped" | "good";
  readonly text: string;
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
      return { tone: "busy", text: reconnecting(bar.inSyncUntil, bar.waiting), offer: "try_now" };
    case "waiting":
      return { tone: "busy", text: waiting(bar.turnAt, now), offer: null };
    case "offline": {
      const text =
        bar.waiting === 0 ? t("bar.offline") : t("bar.offline_posts", { count: bar.waiting });
      return { tone: "busy", text, offer: null };
    }
    case "read_only":
      return { tone: "busy", text: t("bar.read_only"), offer: null };
    case "partial":
      return { tone: "busy", text: partial(bar.shed), offer: null };
    case "back":
      return bar.count === 0
        ? { tone: "good", text: t("bar.back"), offer: null }
        : {
            tone: "good",
            text: t(bar.atLeast ? "bar.back_many" : "bar.back_missed", {
              count: bar.count,
              time: clock(bar.since),
            }),
            offer: bar.room === null ? null : "show",
          };
    case "sign_in":
      return { tone: "stopped", text: t("bar.sign_in"), offer: "sign_in" };
    case "reload":
      return { tone: "good", text: t("bar.reload"), offer: "reload" };
    default:
      return bar satisfies never;
  }
}

function reconnecting(inSyncUntil: number | null, posts: number): string {
  const parts = [t("bar.reconnecting")];
  if (inSyncUntil !== null) parts.push(t("bar.in_sync_until", { time: clockExact(inSyncUntil) }));
  if (posts > 0) parts.push(t("bar.waiting_posts", { count: posts }));
  return parts.join(" ");
}

function waiting(turnAt: number, now: number): string {
  const seconds = Math.ceil((turnAt - now) / 1000);
  return seconds > 0 ? t("bar.waiting", { seconds }) : t("bar.waiting_soon");
}

function partial(shed: readonly string[]): string {
  const presence = shed.includes("presence") || shed.includes("typing");
  const search = shed.includes("search");
  if (presence && search) return t("bar.partial", { what: t("bar.shed_presence_and_search") });
  const what = t(
    search
      ? "bar.shed_search"
      : shed.includes("presence")
        ? "bar.shed_presence"
        : "bar.shed_typing",
  );
  return t("bar.partial_one", { what });
}
