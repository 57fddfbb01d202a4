/** The text of a message, open for changing, in its place in the list. */
import { useEffect, useRef, useState } from "react";
import { editMessage } from "../../actions/editMessage.ts";
import { t } from "../../i18n/t.ts";
import type { RoomId, Seq } from "../../wire/types.ts";
import { useClient, usePerform } from "../useApp.ts";
import { TextBox } from "./TextBox.tsx";

interface Props {
  readonly room: RoomId;
  readonly seq: Seq;
  readonly text: string;
}

export function EditBox({ room, seq, text: before }: Props) {
  const perform = usePerform();
  const client = useClient();
  const box = useRef<HTMLTextAreaElement>(null);
  const [text, setText] = useState(before);
  useEffect(() => {
    const element = box.current;
    element?.focus();
    element?.setSelectionRange(element.value.length, element.value.length);
  }, []);
  const stop = () => {
    client.screen.edit(null);
    document.querySelector<HTMLElement>(".composer .text-box")?.focus();
  };
  const save = () => {
    void perform(editMessage, { room, seq, text });
    document.querySelector<HTMLElement>(".composer .text-box")?.focus();
  };
  return (
    <div className="edit-box">
      <div className="composer-box">
        <TextBox
          box={box}
          room={room}
          text={text}
          label={t("compose.editing")}
          placeholder=""
          onText={setText}
          onSubmit={save}
          onKey={(event) => {
            if (event.key !== "Escape") return false;
            event.stopPropagation();
            stop();
            return true;
          }}
        />
      </div>
      <div className="edit-tools">
        <button type="button" className="button button-main" onClick={save}>
          {t("common.save")}
        </button>
        <button type="button" className="button" onClick={stop}>
          {t("common.cancel")}
        </button>
      </div>
    </div>
  );
}
