/** The files of a room, newest first, among the messages that are on this device. */
import { useMemo } from "react";
import { openRoom } from "../../actions/openRoom.ts";
import { shortly } from "../../i18n/clock.ts";
import { t } from "../../i18n/t.ts";
import type { Room } from "../../sync/model.ts";
import type { AccountId, FileRef, Seq } from "../../wire/types.ts";
import { FileCard } from "../files/Files.tsx";
import { Icon } from "../parts/Icon.tsx";
import { usePerson } from "../people.ts";
import { useClient, usePerform } from "../useApp.ts";

interface Shared {
  readonly file: FileRef;
  readonly from: AccountId;
  readonly at: number;
  readonly seq: Seq;
}

export function FilesTab({ room }: { readonly room: Room }) {
  const client = useClient();
  const shared = useMemo(() => filesOf(room), [room]);
  return (
    <div className="tab-page">
      {shared.length === 0 && (
        <div className="empty-page">
          <Icon name="file" />
          <p>{t("file.none")}</p>
        </div>
      )}
      <ul className="cards">
        {shared.map((one) => (
          <li key={one.file.id}>
            <OneFile room={room} shared={one} />
          </li>
        ))}
      </ul>
      {room.moreBefore && (
        <button
          type="button"
          className="button"
          onClick={() => void client.rooms.loadBefore(room.id)}
        >
          {t("file.earlier")}
        </button>
      )}
    </div>
  );
}

function OneFile({ room, shared }: { readonly room: Room; readonly shared: Shared }) {
  const perform = usePerform();
  const person = usePerson(shared.from);
  return (
    <article className="message-card">
      <FileCard file={shared.file} />
      <footer>
        <span className="faint">
          {t("file.from", {
            who: person?.display ?? t("line.someone"),
            time: shortly(shared.at, Date.now()),
          })}
        </span>
        <button
          type="button"
          className="link-button"
          onClick={() => void perform(openRoom, { room: room.id, seq: shared.seq })}
        >
          {t("pins.jump")}
        </button>
      </footer>
    </article>
  );
}

function filesOf(room: Room): Shared[] {
  return room.items
    .flatMap((item) => {
      if (item.kind !== "line" || item.event.kind !== "message" || item.event.deleted === true)
        return [];
      const { from, at, seq } = item.event;
      return (item.event.files ?? []).map((file) => ({ file, from, at, seq }));
    })
    .reverse();
}
