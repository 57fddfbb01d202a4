/** What can be done with a message: a small toolbar on hover or focus, and a menu with the rest. */
import { useCallback, useState } from "react";
import type { Action } from "../../actions/action.ts";
import { chooseReaction } from "../../actions/chooseReaction.ts";
import { copyPermalink } from "../../actions/copyPermalink.ts";
import { deleteMessage } from "../../actions/deleteMessage.ts";
import { markUnread } from "../../actions/markUnread.ts";
import { openThread } from "../../actions/openThread.ts";
import { pinMessage } from "../../actions/pinMessage.ts";
import { quoteMessage } from "../../actions/quoteMessage.ts";
import { showRevisions } from "../../actions/showRevisions.ts";
import { startEdit } from "../../actions/startEdit.ts";
import { t } from "../../i18n/t.ts";
import type { Target } from "../../sync/model.ts";
import type { RoomId, Seq } from "../../wire/types.ts";
import { Icon, type IconName } from "../parts/Icon.tsx";
import { MenuItem } from "../parts/MenuItem.tsx";
import { Popover } from "../parts/Popover.tsx";
import { useCtx, usePerform } from "../useApp.ts";
import type { MessageEvent } from "./MessageRow.tsx";

interface Props {
  readonly event: MessageEvent;
  readonly room: RoomId;
  readonly thread: Seq | null;
}

export function LineTools({ event, room, thread }: Props) {
  const target = { room, seq: event.seq };
  const [open, setOpen] = useState(false);
  const opened = useCallback((on: boolean) => setOpen(on), []);
  return (
    <div
      className="line-tools"
      role="toolbar"
      aria-label={t("line.toolbar")}
      data-open={open || undefined}
    >
      <Tool action={chooseReaction} target={target} icon="smile_plus" />
      {thread === null && <Tool action={openThread} target={target} icon="thread" />}
      {thread === null && <Tool action={quoteMessage} target={target} icon="quote" />}
      <Tool action={startEdit} target={target} icon="edit" />
      <Popover
        kind="menu"
        label={t("common.more")}
        onOpen={opened}
        trigger={(props) => (
          <button
            type="button"
            className="icon-button"
            title={t("common.more")}
            aria-label={t("common.more")}
            {...props}
          >
            <Icon name="more" />
          </button>
        )}
      >
        {(close) => <Rest event={event} target={target} close={close} />}
      </Popover>
    </div>
  );
}

interface ToolProps {
  readonly action: Action<Target>;
  readonly target: Target;
  readonly icon: IconName;
}

function Tool({ action, target, icon }: ToolProps) {
  const ctx = useCtx();
  const perform = usePerform();
  if (action.possible?.(ctx, target) === false) return null;
  const key = action.keys?.[0]?.key.toUpperCase();
  const label = t(action.label);
  return (
    <button
      type="button"
      className="icon-button"
      title={key === undefined ? label : `${label} (${key})`}
      aria-label={label}
      aria-keyshortcuts={key}
      onClick={() => void perform(action, target)}
    >
      <Icon name={icon} />
    </button>
  );
}

interface RestProps {
  readonly event: MessageEvent;
  readonly target: Target;
  readonly close: () => void;
}

function Rest({ event, target, close }: RestProps) {
  const ctx = useCtx();
  const perform = usePerform();
  const item = (action: Action<Target>, icon: IconName, label = t(action.label), danger = false) =>
    action.possible?.(ctx, target) === false ? null : (
      <MenuItem
        icon={icon}
        label={label}
        keys={action.keys?.[0]?.key}
        danger={danger}
        onClick={() => {
          close();
          void perform(action, target);
        }}
      />
    );
  return (
    <>
      {item(copyPermalink, "link")}
      <MenuItem
        icon="copy"
        label={t("act.copy_text")}
        onClick={() => {
          close();
          void ctx.page.copy(event.text);
        }}
      />
      {item(markUnread, "unread")}
      {item(pinMessage, "pin", t(event.pinned === true ? "act.unpin" : "act.pin"))}
      {event.edited_at !== undefined && item(showRevisions, "history")}
      {item(deleteMessage, "trash", undefined, true)}
    </>
  );
}
