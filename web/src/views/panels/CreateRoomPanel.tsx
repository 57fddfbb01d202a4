/** A new room: who gets in, its name, what it is about. */
import { type FormEvent, useState } from "react";
import { createRoom } from "../../actions/createRoom.ts";
import { t } from "../../i18n/t.ts";
import { usePerform } from "../useApp.ts";
import { PanelFrame } from "./PanelFrame.tsx";

export default function CreateRoomPanel({ onClose }: { readonly onClose: () => void }) {
  const perform = usePerform();
  const [kind, setKind] = useState<"public" | "private">("public");
  const [name, setName] = useState("");
  const [topic, setTopic] = useState("");
  const create = (event: FormEvent) => {
    event.preventDefault();
    void perform(
      createRoom,
      topic.trim() === "" ? { kind, name } : { kind, name, topic: topic.trim() },
    );
  };
  return (
    <PanelFrame title={t("create.title")} onClose={onClose} takesFocus={false}>
      <form className="panel-scroll panel-form" onSubmit={create}>
        <section>
          <label>
            <span className="label">{t("create.name")}</span>
            <input
              className="field"
              // biome-ignore lint/a11y/noAutofocus: the panel was opened to type this
              autoFocus
              required
              maxLength={32}
              value={name}
              onChange={(event) => setName(asName(event.target.value))}
              aria-describedby="room-name-hint"
            />
          </label>
          <p className="faint hint" id="room-name-hint">
            {t("create.name_hint")}
          </p>
          <label>
            <span className="label">
              {t("create.topic")} <span className="faint">({t("common.optional")})</span>
            </span>
            <input
              className="field"
              maxLength={250}
              value={topic}
              onChange={(event) => setTopic(event.target.value)}
            />
          </label>
        </section>
        <fieldset className="choices">
          <legend className="label">{t("create.who_sees")}</legend>
          {(["public", "private"] as const).map((choice) => (
            <label key={choice} className="check check-tall">
              <input
                type="radio"
                name="kind"
                checked={kind === choice}
                onChange={() => setKind(choice)}
              />
              <span>
                <strong>{t(`create.${choice}`)}</strong>
                <span className="faint">{t(`create.${choice}_hint`)}</span>
              </span>
            </label>
          ))}
        </fieldset>
        <button type="submit" className="button button-main">
          {t("create.do")}
        </button>
      </form>
    </PanelFrame>
  );
}

/** What is typed, as far as it can be a name. */
function asName(typed: string): string {
  return typed
    .toLowerCase()
    .replace(/\s/g, "-")
    .replace(/[^a-z0-9._-]/g, "");
}
