/** Ctrl/⌘+K: type a few letters, press Enter, be there. */
import { type KeyboardEvent, useId, useState } from "react";
import { t } from "../../i18n/t.ts";
import { Avatar } from "../parts/Avatar.tsx";
import { Icon } from "../parts/Icon.tsx";
import { RoomMark } from "../rail/RoomLink.tsx";
import { Modal } from "./Modal.tsx";
import { type Find, useFinds } from "./useFinds.ts";

export default function Switcher({ onClose }: { readonly onClose: () => void }) {
  const id = useId();
  const [typed, setTyped] = useState("");
  const [chosen, setChosen] = useState(0);
  const finds = useFinds(typed);
  const at = Math.min(chosen, finds.length - 1);
  const take = (find: Find | undefined) => {
    if (find === undefined) return;
    onClose();
    find.run();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    if (event.key === "ArrowDown") setChosen((at + 1) % finds.length);
    else if (event.key === "ArrowUp") setChosen((at + finds.length - 1) % finds.length);
    else if (event.key === "Enter") take(finds[at]);
    else return;
    event.preventDefault();
  };
  return (
    <Modal className="switcher" label={t("switch.title")} onClose={onClose}>
      <div className="switcher-field">
        <Icon name="search" />
        <input
          type="text"
          role="combobox"
          aria-expanded="true"
          aria-controls={id}
          aria-activedescendant={finds[at] === undefined ? undefined : `${id}-${at}`}
          aria-label={t("switch.title")}
          placeholder={t("switch.placeholder")}
          autoComplete="off"
          spellCheck={false}
          value={typed}
          onChange={(event) => {
            setTyped(event.target.value);
            setChosen(0);
          }}
          onKeyDown={onKeyDown}
        />
      </div>
      <div className="switcher-list" role="listbox" id={id} aria-label={t("switch.title")}>
        {finds.map((find, i) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are the field's
          // biome-ignore lint/a11y/useFocusableInteractive: the field keeps the focus and points here
          <div
            key={find.key}
            id={`${id}-${i}`}
            role="option"
            aria-selected={i === at}
            className="find"
            ref={i === at ? intoView : undefined}
            data-unread={find.unread || undefined}
            onClick={() => take(find)}
          >
            <Picture find={find} />
            <span className="find-title">{find.title}</span>
            <span className="find-detail">{find.detail}</span>
            {find.unread === true && <span className="dot" title={t("switch.unread")} />}
          </div>
        ))}
        {finds.length === 0 && <p className="quiet panel-note">{t("switch.none")}</p>}
      </div>
    </Modal>
  );
}

function Picture({ find }: { readonly find: Find }) {
  if (find.room !== undefined) return <RoomMark room={find.room} />;
  if (find.person !== undefined) return <Avatar person={find.person} size="s" />;
  return <Icon name={find.icon ?? "chevron_right"} />;
}

function intoView(element: HTMLElement | null): void {
  element?.scrollIntoView({ block: "nearest" });
}
