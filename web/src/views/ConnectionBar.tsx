/** The one thin line above the composer that says where the connection stands. Never a modal. */
import { useEffect, useRef, useState } from "react";
import { openRoom } from "../actions/openRoom.ts";
import { reload } from "../actions/reload.ts";
import { tryNow } from "../actions/tryNow.ts";
import { t } from "../i18n/t.ts";
import type { Bar } from "../sync/model.ts";
import { type BarWords, barWords } from "./barWords.ts";
import { Icon, type IconName } from "./parts/Icon.tsx";
import { useClient, usePerform, useStore } from "./useApp.ts";

const ICONS: Record<BarWords["tone"], IconName> = {
  busy: "refresh",
  stopped: "warning",
  good: "check",
};
const ICONS_OF_STATES: Readonly<Partial<Record<Bar["state"], IconName>>> = {
  waiting: "clock",
  offline: "pause",
  read_only: "lock",
  reload: "refresh",
};
/** A state that lasts for less is not read out, in milliseconds. */
const SETTLE_MS = 1_000;
/** A count-down is read out this often, in milliseconds. */
const REPEAT_MS = 30_000;

export function ConnectionBar() {
  const bar = useStore((state) => state.bar);
  const now = useSeconds(bar.state === "waiting");
  const words = barWords(bar, now);
  const said = words === null ? "" : [words.text, words.detail, quoted(words)].join(" ").trim();
  const spoken = useSpoken(said, topic(bar));
  return (
    <>
      <div className="unseen" aria-live="polite">
        {spoken}
      </div>
      <div className="bar-place" role="status" aria-label={t("bar.label")} aria-live="off">
        {words !== null && (
          <div className="bar" data-tone={words.tone} data-state={bar.state}>
            <Icon name={iconOf(bar, words.tone)} size={16} />
            <span className="bar-words">
              {words.text}
              {words.detail !== null && <span className="bar-detail"> {words.detail}</span>}
              {words.quote !== null && (
                <span className="bar-quote">
                  {" "}
                  {t("bar.operator")} <q>{words.quote}</q>
                </span>
              )}
            </span>
            <Offer offer={words.offer} />
          </div>
        )}
      </div>
    </>
  );
}

function iconOf(bar: Bar, tone: BarWords["tone"]): IconName {
  return ICONS_OF_STATES[bar.state] ?? ICONS[tone];
}

function quoted({ quote }: BarWords): string {
  return quote === null ? "" : `${t("bar.operator")} ${quote}`;
}

/** What the bar is about: while that stays, its words are only a count-down. */
function topic(bar: Bar): string {
  if (bar.state !== "waiting") return bar.state;
  return [bar.state, bar.why, bar.later, bar.message].join(" ");
}

function Offer({ offer }: { readonly offer: BarWords["offer"] }) {
  const perform = usePerform();
  const client = useClient();
  const bar = useStore((state) => state.bar);
  if (offer === null) return null;
  const act = () => {
    if (offer === "try_now") void perform(tryNow, undefined);
    if (offer === "reload") void perform(reload, undefined);
    if (offer === "sign_in") client.screen.go({ page: "sign_in" });
    if (offer === "show" && bar.state === "back" && bar.room !== null) {
      void perform(openRoom, { room: bar.room });
    }
  };
  const labels = {
    try_now: "bar.retry_now",
    show: "bar.show",
    sign_in: "bar.sign_in_do",
    reload: "bar.reload_do",
  } as const;
  return (
    <>
      <span className="bar-dot" aria-hidden="true">
        ·
      </span>
      <button type="button" className="bar-offer" onClick={act}>
        {t(labels[offer])}
      </button>
    </>
  );
}

/** The time, read again each second while `running`. */
function useSeconds(running: boolean): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (!running) return;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [running]);
  return now;
}

/** What those who read by ear are told: each new topic once it has settled, a count-down now and then. */
function useSpoken(said: string, about: string): string {
  const [spoken, setSpoken] = useState("");
  const newest = useRef(said);
  newest.current = said;
  useEffect(() => {
    // A topic of its own, even where the words are the same.
    void about;
    const settle = setTimeout(() => setSpoken(newest.current), SETTLE_MS);
    const repeat = setInterval(() => setSpoken(newest.current), REPEAT_MS);
    return () => {
      clearTimeout(settle);
      clearInterval(repeat);
    };
  }, [about]);
  return spoken;
}
