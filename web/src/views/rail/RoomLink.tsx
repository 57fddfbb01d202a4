/** One room in the rail: bold when there is something unread, a number when it is for me. */
import { count, t } from "../../i18n/t.ts";
import { draftKey, type Room } from "../../sync/model.ts";
import { pathOf, roomPlace } from "../../sync/place.ts";
import type { RoomId } from "../../wire/types.ts";
import { Avatar } from "../parts/Avatar.tsx";
import { Icon } from "../parts/Icon.tsx";
import { usePerson } from "../people.ts";
import { useStore } from "../useApp.ts";

/** Numbers above this are told as “more than”. */
const COUNT_MAX = 99;

export function RoomLink({ room: id }: { readonly room: RoomId }) {
  const room = useStore((state) => state.rooms.get(id));
  const here = useStore((state) => state.place.page === "room" && state.place.room === id);
  const draft = useStore((state) => (state.drafts.get(draftKey(id))?.text ?? "") !== "");
  if (room === undefined) return null;
  const { unread } = room;
  return (
    <a
      className="rail-link"
      href={pathOf(roomPlace(id, null))}
      aria-current={here ? "page" : undefined}
      data-unread={unread.bold || undefined}
      data-muted={unread.muted || undefined}
    >
      <RoomMark room={room} />
      <span className="rail-name">{room.title}</span>
      {unread.bold && <span className="unseen">{t("rail.unread")}</span>}
      {draft && !here && (
        <span className="rail-mark" title={t("rail.draft")}>
          <Icon name="edit" size={16} />
          <span className="unseen">{t("rail.draft")}</span>
        </span>
      )}
      {unread.muted && (
        <span className="rail-mark" title={t("rail.muted")}>
          <Icon name="bell_off" size={16} />
          <span className="unseen">{t("rail.muted")}</span>
        </span>
      )}
      {unread.count > 0 && (
        <span className="badge" title={t("rail.mentioned", { count: unread.count })}>
          {unread.count > COUNT_MAX ? `${COUNT_MAX}+` : count(unread.count)}
          <span className="unseen"> {t("rail.mentioned", { count: unread.count })}</span>
        </span>
      )}
    </a>
  );
}

/** What kind of room it is; for a conversation of two, who the other is and whether they are there. */
export function RoomMark({ room }: { readonly room: Room }) {
  const { room_kind: kind, with: others = [] } = room.summary;
  const one = kind === "direct" && others.length === 1 ? (others[0] ?? null) : null;
  const person = usePerson(one);
  const presence = useStore((state) => (one === null ? null : (state.presence.get(one) ?? null)));
  if (kind === "direct" && others.length > 1) {
    return (
      <span className="group-mark" aria-hidden="true">
        {others.length + 1}
      </span>
    );
  }
  if (kind === "direct") {
    const shown = person ?? { id: one ?? 0, display: room.title };
    return <Avatar person={shown} size="s" presence={person?.bot === true ? null : presence} />;
  }
  return <Icon name={kind === "private" ? "lock" : "hash"} />;
}
