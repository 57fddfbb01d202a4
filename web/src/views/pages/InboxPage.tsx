/** What wants one: the rooms in which one was named, and the threads one follows. */
import { useEffect } from "react";
import { jumpToUnread } from "../../actions/jumpToUnread.ts";
import { openRoom } from "../../actions/openRoom.ts";
import { openThread } from "../../actions/openThread.ts";
import { shortly } from "../../i18n/clock.ts";
import { count, t } from "../../i18n/t.ts";
import type { FollowedThread, Room } from "../../sync/model.ts";
import type { Event } from "../../wire/types.ts";
import { MarkdownLine } from "../markdown/Markdown.tsx";
import { Avatar } from "../parts/Avatar.tsx";
import { Icon } from "../parts/Icon.tsx";
import { Listed } from "../parts/Listed.tsx";
import { useNameOf, usePerson } from "../people.ts";
import { RoomMark } from "../rail/RoomLink.tsx";
import { useClient, usePerform, useStore } from "../useApp.ts";
import { Mentions } from "./Mentions.tsx";
import { Page } from "./Page.tsx";

export default function InboxPage() {
  const client = useClient();
  const inbox = useStore((state) => state.inbox);
  const rooms = useStore((state) => state.rooms);
  const wanting = [...rooms.values()].filter((room) => room.unread.count > 0);
  useEffect(() => {
    void client.lists.inbox();
  }, [client]);
  return (
    <Page title={t("rail.inbox")}>
      <section className="inbox-part">
        <h2>{t("mentions.title")}</h2>
        <ul className="rows">
          {wanting.map((room) => (
            <li key={room.id}>
              <WantingRoom room={room} />
            </li>
          ))}
        </ul>
        <Mentions />
      </section>
      <section className="inbox-part">
        <h2>{t("thread.inbox")}</h2>
        <Listed listing={inbox} empty={t("thread.none")} />
        <ul className="rows">
          {(inbox?.items ?? []).map((thread) => (
            <li key={`${thread.room} ${thread.root.seq}`}>
              <ThreadRow thread={thread} />
            </li>
          ))}
        </ul>
      </section>
    </Page>
  );
}

function WantingRoom({ room }: { readonly room: Room }) {
  const perform = usePerform();
  return (
    <button
      type="button"
      className="row-button"
      data-unread
      onClick={() => void perform(jumpToUnread, { room: room.id })}
    >
      <RoomMark room={room} />
      <span className="row-words">
        <strong>{room.title}</strong>
        <span className="faint">{t("rail.mentioned", { count: room.unread.count })}</span>
      </span>
      <time className="faint">{shortly(room.summary.last_at, Date.now())}</time>
      <Icon name="chevron_right" size={16} />
    </button>
  );
}

function ThreadRow({ thread }: { readonly thread: FollowedThread }) {
  const perform = usePerform();
  const { root, last, room: id } = thread;
  const nameOf = useNameOf();
  const room = useStore((state) => state.rooms.get(id));
  const person = usePerson(root.from);
  if (root.kind !== "message") return null;
  const open = async () => {
    await perform(openRoom, { room: id });
    await perform(openThread, { room: id, seq: root.seq });
  };
  const title =
    room === undefined ? "" : room.summary.room_kind === "direct" ? room.title : `#${room.title}`;
  return (
    <button
      type="button"
      className="row-button"
      data-unread={thread.unread > 0 || undefined}
      onClick={() => void open()}
    >
      <Avatar person={person} name={root.name} />
      <span className="row-words">
        <span>
          <strong>{root.name ?? person?.display ?? t("line.someone")}</strong>{" "}
          <span className="faint">{t("thread.in", { room: title })}</span>
        </span>
        <span className="row-text">
          <MarkdownLine text={root.deleted === true ? t("line.deleted") : root.text} />
        </span>
        {last !== null && last.kind === "message" && (
          <span className="row-text quiet">
            {t("thread.last", { who: nameOf(last.from) })} <MarkdownLine text={last.text} />
          </span>
        )}
        <span className="faint">{summary(root, last)}</span>
      </span>
      {thread.unread > 0 && (
        <span className="badge" title={t("thread.unread", { count: thread.unread })}>
          {count(thread.unread)}
        </span>
      )}
    </button>
  );
}

/** How many replies there are, and when the last was written. */
function summary(root: Event, last: Event | null): string {
  const replies = root.kind === "message" ? root.replies : undefined;
  const at = last?.at ?? replies?.last_at;
  const parts: string[] = [];
  if (replies !== undefined) parts.push(t("line.replies", { count: replies.count }));
  if (at !== undefined) parts.push(t("line.last_reply", { time: shortly(at, Date.now()) }));
  return parts.join(" · ");
}
