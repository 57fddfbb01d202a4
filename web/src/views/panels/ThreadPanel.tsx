/** A thread beside its room: the message that starts it, the replies, and a composer. */
import { useCallback, useEffect, useMemo } from "react";
import { followThread } from "../../actions/followThread.ts";
import { openRoom } from "../../actions/openRoom.ts";
import { t } from "../../i18n/t.ts";
import { type Room, type Thread, threadKey } from "../../sync/model.ts";
import type { AccountId, RoomId, Seq } from "../../wire/types.ts";
import { ConnectionBar } from "../ConnectionBar.tsx";
import { Composer } from "../composer/Composer.tsx";
import { isNarrow } from "../narrow.ts";
import { Icon } from "../parts/Icon.tsx";
import { MessageList } from "../timeline/MessageList.tsx";
import { useClient, usePerform, useStore } from "../useApp.ts";
import { PanelFrame } from "./PanelFrame.tsx";

interface Props {
  readonly room: RoomId;
  readonly root: Seq;
  readonly onClose: () => void;
}

export function ThreadPanel({ room: id, root, onClose }: Props) {
  const client = useClient();
  const perform = usePerform();
  const room = useStore((state) => state.rooms.get(id));
  const thread = useStore((state) => state.threads.get(threadKey(id, root)));
  const elsewhere = useStore((state) => !(state.place.page === "room" && state.place.room === id));
  useEffect(() => {
    client.threads.open(id, root);
  }, [client, id, root]);
  const me = useStore((state) => state.me?.id ?? 0);
  // Whoever writes in a thread follows it, until they say otherwise.
  const followed = thread?.followed ?? (thread !== undefined && wroteIn(thread, me));
  return (
    <PanelFrame
      title={t("panel.thread")}
      takesFocus={false}
      onClose={onClose}
      detail={
        room !== undefined && (
          <button
            type="button"
            className="link-button quiet"
            onClick={() => {
              if (isNarrow()) client.screen.panel(null);
              void perform(openRoom, { room: id, seq: root });
            }}
          >
            {room.summary.room_kind === "direct" ? room.title : `#${room.title}`}
          </button>
        )
      }
      tools={
        <button
          type="button"
          className="icon-button"
          aria-pressed={followed}
          aria-label={t("thread.follow")}
          title={t(followed ? "thread.unfollow" : "thread.follow")}
          onClick={() => void perform(followThread, { room: id, seq: root, on: !followed })}
        >
          <Icon name={followed ? "bell" : "bell_off"} />
        </button>
      }
    >
      {room !== undefined && thread !== undefined && <Replies room={room} thread={thread} />}
      {elsewhere && <ConnectionBar />}
      {room !== undefined && <Composer room={room} thread={root} />}
    </PanelFrame>
  );
}

function Replies({ room, thread }: { readonly room: Room; readonly thread: Thread }) {
  const client = useClient();
  const { first, items, moreBefore, root } = thread;
  const all = useMemo(() => {
    if (first === null) return items;
    return moreBefore ? items : [first, ...items];
  }, [first, items, moreBefore]);
  const loadBefore = useCallback(
    () => void client.threads.loadBefore(room.id, root),
    [client, room.id, root],
  );
  if (first === null && items.length === 0 && thread.loading)
    return <p className="quiet panel-note">{t("app.loading")}</p>;
  return (
    <MessageList
      room={room.id}
      thread={root}
      label={t("list.label_thread")}
      items={all}
      newAfter={null}
      moreBefore={moreBefore}
      beginning={
        first === null && !thread.loading ? (
          <p className="quiet panel-note">{t("thread.gone")}</p>
        ) : null
      }
      loadBefore={loadBefore}
      target={null}
    />
  );
}

function wroteIn(thread: Thread, me: AccountId): boolean {
  const lines = thread.first === null ? thread.items : [thread.first, ...thread.items];
  return lines.some((item) => item.kind === "line" && item.event.from === me);
}
