/** A room: its header, its messages, the connection bar and the composer. */
import { useCallback, useEffect } from "react";
import { joinRoom } from "../../actions/joinRoom.ts";
import { jumpToUnread } from "../../actions/jumpToUnread.ts";
import { clock } from "../../i18n/clock.ts";
import { t } from "../../i18n/t.ts";
import type { Place, Room } from "../../sync/model.ts";
import type { RoomId } from "../../wire/types.ts";
import { ConnectionBar } from "../ConnectionBar.tsx";
import { Composer } from "../composer/Composer.tsx";
import { Page } from "../pages/Page.tsx";
import { Icon } from "../parts/Icon.tsx";
import { MessageList } from "../timeline/MessageList.tsx";
import { useClient, usePerform, useStore } from "../useApp.ts";
import { useFetched } from "../useFetched.ts";
import { Beginning } from "./Beginning.tsx";
import { FilesTab } from "./FilesTab.tsx";
import { PinsTab } from "./PinsTab.tsx";
import { RoomHeader } from "./RoomHeader.tsx";

type RoomPlace = Extract<Place, { page: "room" }>;

export function RoomPage({ place }: { readonly place: RoomPlace }) {
  const client = useClient();
  const room = useStore((state) => state.rooms.get(place.room));
  useEffect(() => {
    client.rooms.open(place.room);
  }, [client, place.room]);
  if (room === undefined) return <NoRoom room={place.room} />;
  return (
    <section className="room" aria-label={room.title}>
      <RoomHeader room={room} tab={place.tab} />
      {place.tab === "chat" && <Chat key={room.id} room={room} place={place} />}
      {place.tab === "files" && <FilesTab key={room.id} room={room} />}
      {place.tab === "pins" && <PinsTab key={room.id} room={room} />}
    </section>
  );
}

function Chat({ room, place }: { readonly room: Room; readonly place: RoomPlace }) {
  const client = useClient();
  const loadBefore = useCallback(() => void client.rooms.loadBefore(room.id), [client, room.id]);
  const { seq, jump } = place;
  if (room.at === null && room.items.length === 0) return <Waiting />;
  return (
    <>
      <Stale room={room} />
      <MessageList
        // The newest messages are another view than those around a jump that was left.
        key={seq === null ? `newest ${jump}` : "around"}
        room={room.id}
        thread={null}
        label={t("list.label", { room: room.title })}
        items={room.items}
        newAfter={room.newAfter}
        moreBefore={room.moreBefore}
        beginning={<Beginning room={room} />}
        loadBefore={loadBefore}
        target={seq === null ? null : { seq, jump }}
        unreadAbove={<UnreadAbove room={room} />}
      />
      <ConnectionBar />
      <Composer room={room} thread={null} />
    </>
  );
}

/** The first unread message is not among those that are here: offers to go to it. */
function UnreadAbove({ room }: { readonly room: Room }) {
  const perform = usePerform();
  const first = room.unread.first;
  const here =
    first === null || room.items.some((item) => item.kind === "line" && item.event.seq === first);
  if (!room.unread.bold || here) return null;
  return (
    <button
      type="button"
      className="unread-above"
      onClick={() => void perform(jumpToUnread, { room: room.id })}
    >
      {t("list.first_unread_some")}
    </button>
  );
}

/** What is shown is not of now: says of when. */
function Stale({ room }: { readonly room: Room }) {
  const state = useStore((all) => all.bar.state);
  if (room.asOf === null || state === "live" || state === "blip" || state === "back") return null;
  return <p className="as-of">{t("app.as_of", { time: clock(room.asOf) })}</p>;
}

function Waiting() {
  return (
    <>
      <div className="list-place list-waiting" aria-busy="true">
        <p className="unseen">{t("app.loading")}</p>
        {["a", "b", "c", "d", "e"].map((key) => (
          <div key={key} className="ghost" />
        ))}
      </div>
      <ConnectionBar />
    </>
  );
}

/** Not a room of this account: one that can be joined, or none at all. */
function NoRoom({ room }: { readonly room: RoomId }) {
  const client = useClient();
  const perform = usePerform();
  const known = useStore((state) => state.phase !== "starting" && state.bar.state === "live");
  const fetch = useCallback(
    async () => (known ? [await client.http.room(room)] : []),
    [client, room, known],
  );
  const [answer] = useFetched(fetch);
  const found = answer.items[0];
  if (!known || answer.loading) return <Waiting />;
  return (
    <Page title={found === undefined ? t("room.unknown") : `#${found.name}`}>
      <div className="empty-page">
        <Icon name="hash" />
        <p>{found === undefined ? t("room.gone") : t("room.not_member", { name: found.name })}</p>
        {found !== undefined && (
          <button
            type="button"
            className="button button-main"
            onClick={() => void perform(joinRoom, { room })}
          >
            {t("room.join")}
          </button>
        )}
      </div>
    </Page>
  );
}
