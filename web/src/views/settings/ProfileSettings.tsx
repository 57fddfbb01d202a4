/** The name and the status that others see. */
import { setDisplay } from "../../actions/setDisplay.ts";
import { setStatus } from "../../actions/setStatus.ts";
import { t } from "../../i18n/t.ts";
import { Line } from "../panels/DetailsPanel.tsx";
import { Avatar } from "../parts/Avatar.tsx";
import { usePerform, useStore } from "../useApp.ts";

export function ProfileSettings() {
  const perform = usePerform();
  const me = useStore((state) => state.me);
  if (me === null) return null;
  return (
    <section className="setting">
      <h2>{t("settings.profile")}</h2>
      <div className="person-top">
        <Avatar person={me} size="l" />
        <div>
          <strong className="person-display">{me.display}</strong>
          <span className="quiet">
            @{me.name} · {t(`role.${me.role}`)}
          </span>
        </div>
      </div>
      <Line
        label={t("settings.display")}
        value={me.display}
        onSave={(display) => perform(setDisplay, { display })}
      />
      <Line
        label={t("settings.status")}
        value={me.status ?? ""}
        onSave={(status) => perform(setStatus, { status })}
      />
      <p className="faint hint">{t("settings.status_hint")}</p>
    </section>
  );
}
