/** Theme, density and clock; the same on all devices of the account. */
import { setClock } from "../../actions/setClock.ts";
import { setDensity } from "../../actions/setDensity.ts";
import { setTheme } from "../../actions/setTheme.ts";
import { t } from "../../i18n/t.ts";
import { Choice } from "../parts/Choice.tsx";
import { usePerform, useStore } from "../useApp.ts";
import { density, hours24, theme } from "./settings.ts";

export function LookSettings() {
  const perform = usePerform();
  const settings = useStore((state) => state.settings);
  return (
    <section className="setting">
      <h2>{t("settings.look")}</h2>
      <Choice
        label={t("settings.theme")}
        value={theme(settings)}
        options={[
          ["system", t("settings.theme_system")],
          ["light", t("settings.theme_light")],
          ["dark", t("settings.theme_dark")],
        ]}
        onChange={(value) => void perform(setTheme, { theme: value })}
      />
      <Choice
        label={t("settings.density")}
        value={density(settings)}
        options={[
          ["cosy", t("settings.density_cosy")],
          ["compact", t("settings.density_compact")],
        ]}
        onChange={(value) => void perform(setDensity, { density: value })}
      />
      <Choice
        label={t("settings.clock")}
        value={hours24(settings) ? "24" : "12"}
        options={[
          ["24", t("settings.clock_24")],
          ["12", t("settings.clock_12")],
        ]}
        onChange={(value) => void perform(setClock, { clock: value })}
      />
    </section>
  );
}
