/** Another password. */
import { type FormEvent, useState } from "react";
import { changePassword } from "../../actions/changePassword.ts";
import { t } from "../../i18n/t.ts";
import { PasswordField } from "../auth/PasswordField.tsx";
import { usePerform } from "../useApp.ts";

export function PasswordSettings() {
  const perform = usePerform();
  const [before, setBefore] = useState("");
  const [next, setNext] = useState("");
  const [done, setDone] = useState(false);
  const change = async (event: FormEvent) => {
    event.preventDefault();
    if (
      !(await perform(
        changePassword,
        before === "" ? { password: next } : { current: before, password: next },
      ))
    )
      return;
    setBefore("");
    setNext("");
    setDone(true);
  };
  return (
    <section className="setting">
      <h2>{t("settings.password")}</h2>
      <form className="stack" onSubmit={(event) => void change(event)}>
        <PasswordField
          label={t("settings.password_old")}
          value={before}
          onChange={setBefore}
          autoComplete="current-password"
          optional
        />
        <PasswordField
          label={t("settings.password_new")}
          value={next}
          onChange={setNext}
          autoComplete="new-password"
          fresh
        />
        <div className="row">
          <button type="submit" className="button" disabled={next === ""}>
            {t("settings.password_do")}
          </button>
          {done && <span role="status">{t("settings.password_done")}</span>}
        </div>
      </form>
    </section>
  );
}
