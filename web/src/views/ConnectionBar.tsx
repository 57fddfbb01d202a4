/** The one thin line above the composer that says where the connection stands. Never a modal. */
import { useEffect, useState } from "react";
import { openRoom } from "../actions/openRoom.ts";
import { reload } from "../actions/reload.ts";
import { tryNow } from "../actions/tryNow.ts";
import { t } from "../i18n/t.ts";
import { type BarWords, barWords } from "./barWords.ts";
import { Icon, type IconName } from "./parts/Icon.tsx";
import { useClient, usePerform, useStore } from "./useApp.ts";

const ICONS: Record<BarWords["tone"], IconName> = {
  busy: "refresh",
  stopped: "warning",
  good: "check",
};

export function ConnectionBar() {
  const bar = useStore((state) => state.bar);
  const now = useSeconds(bar.state === "waiting");
  const words = barWords(bar, now);
  return (
    <div className="bar-place" role="status" aria-label={t("bar.label")} aria-live="polite">
      {words !== null && (
        <div className="bar" data-tone={words.tone} data-state={bar.state}>
          <Icon
            name={
              bar.state === "reload"
                ? "refresh"
                : bar.state === "offline"
                  ? "pause"
                  : ICONS[words.tone]
            }
            size={16}
          />
          <span className="bar-words">{words.text}</span>
          <Offer offer={words.offer} />
        </div>
      )}
    </div>
  );
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
      <span aria-hidden="true">·</span>
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
