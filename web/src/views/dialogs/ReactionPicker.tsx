/** The choice of a reaction, beside the message it is for. */
import { useEffect, useRef } from "react";
import { react } from "../../actions/react.ts";
import { t } from "../../i18n/t.ts";
import type { RoomId, Seq } from "../../wire/types.ts";
import EmojiPicker from "../emoji/EmojiPicker.tsx";
import { placeBeside } from "../parts/place.ts";
import { usePerform } from "../useApp.ts";

interface Props {
  readonly room: RoomId;
  readonly seq: Seq;
  readonly onClose: () => void;
}

export default function ReactionPicker({ room, seq, onClose }: Props) {
  const perform = usePerform();
  const box = useRef<HTMLDivElement>(null);
  const close = useRef(onClose);
  close.current = onClose;
  useEffect(() => {
    const element = box.current;
    const before = document.activeElement;
    const line = document.querySelector<HTMLElement>(
      `article[data-room="${room}"][data-seq="${seq}"]`,
    );
    if (element === null) return;
    element.showPopover();
    placeBeside(element, line?.querySelector<HTMLElement>(".line-tools") ?? line ?? document.body);
    element.querySelector("input")?.focus();
    const closed = (event: Event) => {
      if ((event as ToggleEvent).newState === "closed") close.current();
    };
    element.addEventListener("toggle", closed);
    return () => {
      element.removeEventListener("toggle", closed);
      if (before instanceof HTMLElement && before.isConnected)
        before.focus({ preventScroll: true });
      else line?.focus({ preventScroll: true });
    };
  }, [room, seq]);
  return (
    <div
      ref={box}
      popover="auto"
      className="card"
      role="dialog"
      aria-label={t("react.picker")}
      onKeyDown={(event) => event.stopPropagation()}
    >
      <EmojiPicker onPick={(emoji) => void perform(react, { room, seq, emoji })} />
    </div>
  );
}
