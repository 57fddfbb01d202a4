/** The summary of the thread below a message. */
import { openThread } from "../../actions/openThread.ts";
import { shortly } from "../../i18n/clock.ts";
import { t } from "../../i18n/t.ts";
import type { RoomId } from "../../wire/types.ts";
import { Icon } from "../parts/Icon.tsx";
import { usePerform } from "../useApp.ts";
import type { MessageEvent } from "./MessageRow.tsx";

export function ThreadChip({
  event,
  room,
}: {
  readonly event: MessageEvent;
  readonly room: RoomId;
}) {
  const perform = usePerform();
  if (event.replies === undefined || event.replies.count === 0) return null;
  const replies = t("line.replies", { count: event.replies.count });
  return (
    <button
      type="button"
      className="thread-chip"
      title={t("line.open_thread", { replies })}
      onClick={() => void perform(openThread, { room, seq: event.seq })}
    >
      <Icon name="thread" size={16} />
      <strong>{replies}</strong>
      <span className="faint">
        {t("line.last_reply", { time: shortly(event.replies.last_at, Date.now()) })}
      </span>
    </button>
  );
}
