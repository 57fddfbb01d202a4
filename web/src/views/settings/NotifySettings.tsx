/** Notifications of this browser, and do not disturb for all devices. */
import { useState } from "react";
import { allowNotifications } from "../../actions/allowNotifications.ts";
import { setDoNotDisturb } from "../../actions/setDoNotDisturb.ts";
import { clock } from "../../i18n/clock.ts";
import { t } from "../../i18n/t.ts";
import { useClient, usePerform, useStore } from "../useApp.ts";
import { disturbed } from "./settings.ts";

const HOUR_MS = 3_600_000;
/** As good as for ever: the year 2100. */
const FOREVER_MS = Date.UTC(2100, 0, 1);

export function NotifySettings() {
  const perform = usePerform();
  const client = useClient();
  const settings = useStore((state) => state.settings);
  const [permission, setPermission] = useState(client.notifications.permission());
  const now = Date.now();
  const quiet = disturbed(settings, now);
  const until = Number(settings.do_not_disturb ?? 0);
  const rest = (ms: number | null) => void perform(setDoNotDisturb, { until: ms });
  return (
    <section className="setting">
      <h2>{t("settings.notifications")}</h2>
      {permission === "default" && (
        <button
          type="button"
          className="button"
          onClick={() =>
            void perform(allowNotifications, undefined).then(() =>
              setPermission(client.notifications.permission()),
            )
          }
        >
          {t("settings.notify_on")}
        </button>
      )}
      {permission === "granted" && <p className="quiet">{t("settings.notify_granted")}</p>}
      {permission === "denied" && <p className="quiet">{t("settings.notify_denied")}</p>}
      <div>
        <span className="label">{t("settings.dnd")}</span>
        {quiet ? (
          <div className="row">
            <span>
              {until < FOREVER_MS
                ? t("settings.dnd_until", { time: clock(until) })
                : t("settings.dnd_on")}
            </span>
            <button type="button" className="button" onClick={() => rest(null)}>
              {t("me.dnd_off")}
            </button>
          </div>
        ) : (
          <div className="row">
            <button type="button" className="button" onClick={() => rest(Date.now() + HOUR_MS)}>
              {t("settings.dnd_hour")}
            </button>
            <button
              type="button"
              className="button"
              onClick={() => rest(new Date().setHours(24, 0, 0, 0))}
            >
              {t("settings.dnd_day")}
            </button>
            <button type="button" className="button" onClick={() => rest(FOREVER_MS)}>
              {t("settings.dnd_always")}
            </button>
          </div>
        )}
        <p className="faint hint">{t("settings.dnd_hint")}</p>
      </div>
    </section>
  );
}
