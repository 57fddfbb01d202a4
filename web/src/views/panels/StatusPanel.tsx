/** What one is doing, for others to see. */
import { type FormEvent, useState } from "react";
import { setStatus } from "../../actions/setStatus.ts";
import { type Key, t } from "../../i18n/t.ts";
import { usePerform, useStore } from "../useApp.ts";
import { PanelFrame } from "./PanelFrame.tsx";

const OFTEN: readonly Key[] = [
  "status.meeting",
  "status.focus",
  "status.lunch",
  "status.away",
  "status.holiday",
];

export default function StatusPanel({ onClose }: { readonly onClose: () => void }) {
  const perform = usePerform();
  const before = useStore((state) => state.me?.status ?? "");
  const [status, setTyped] = useState(before);
  const save = (event: FormEvent) => {
    event.preventDefault();
    void perform(setStatus, { status: status.trim() });
  };
  return (
    <PanelFrame title={t("me.status")} onClose={onClose} takesFocus={false}>
      <form className="panel-scroll panel-form" onSubmit={save}>
        <label>
          <span className="label">{t("settings.status")}</span>
          <input
            className="field"
            // biome-ignore lint/a11y/noAutofocus: the panel was opened to type this
            autoFocus
            maxLength={100}
            value={status}
            onChange={(event) => setTyped(event.target.value)}
          />
        </label>
        <div className="operators">
          {OFTEN.map((key) => (
            <button key={key} type="button" className="chip" onClick={() => setTyped(t(key))}>
              {t(key)}
            </button>
          ))}
        </div>
        <div className="row">
          <button type="submit" className="button button-main">
            {t("common.save")}
          </button>
          {before !== "" && (
            <button
              type="button"
              className="button"
              onClick={() => void perform(setStatus, { status: "" })}
            >
              {t("status.clear")}
            </button>
          )}
        </div>
      </form>
    </PanelFrame>
  );
}
