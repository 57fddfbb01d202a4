/** The files of a room, newest first. */
import { useCallback, useMemo } from "react";
import { openRoom } from "../../actions/openRoom.ts";
import { shortly } from "../../i18n/clock.ts";
import { t } from "../../i18n/t.ts";
import type { Room } from "../../sync/model.ts";
import type { AccountId, Event, FileRef, Seq } from "../../wire/types.ts";
import { FileCard } from "../files/Files.tsx";
import { HereOnly } from "../parts/HereOnly.tsx";
import { Icon } from "../parts/Icon.tsx";
import { usePerson } from "../people.ts";
import { useClient, usePerform } from "../useApp.ts";
import { usePages } from "../usePages.ts";

/** Messages with files in one page of the list. */
const PAGE_MESSAGES = 50;

interface Shared {
  readonly file: FileRef;
  readonly from: AccountId;
  readonly at: number;
  readonly seq: Seq;
}

export function FilesTab({ room }: { readonly room: Room }) {
  const client = useClient();
  const { id } = room;
  const inSync = room.asOf === null;
  // biome-ignore lint/correctness/useExhaustiveDependencies: more may be there after having been away
  const fetch = useCallback(
    async (before: Seq | null) => {
      const items = await client.http.roomFiles(id, before, PAGE_MESSAGES);
      return { items, next: items.length < PAGE_MESSAGES ? null : (items.at(-1)?.seq ?? null) };
    },
    [client, id, inSync],
  );
  // Any message may carry one, a reply in a thread too.
  const [fetched, more] = usePages(fetch, { with: room.summary.last_message, key });
  const shared = useMemo(() => filesOf(fetched.items, room), [fetched.items, room]);
  return (
    <div className="tab-page">
      <HereOnly why={fetched.why} words={t("file.here")} />
      {shared.length === 0 && (
        <div className="empty-page">
          <Icon name="file" />
          <p>{fetched.loading ? t("app.loading") : t("file.none")}</p>
        </div>
      )}
      <ul className="cards">
        {shared.map((one) => (
          <li key={`${one.seq} ${one.file.id}`}>
            <OneFile room={room} shared={one} />
          </li>
        ))}
      </ul>
      {more !== null && (
        <button type="button" className="button" onClick={more}>
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

function key(event: Event): string {
  return String(event.seq);
}

/** Of the messages from the server, and of those that have come since; without what was deleted. */
function filesOf(fetched: readonly Event[], room: Room): Shared[] {
  const newest = fetched[0]?.seq ?? 0;
  const here = room.items.flatMap((item) => (item.kind === "line" ? [item.event] : [])).reverse();
  const gone = new Set(
    here.flatMap((event) => (event.kind === "message" && event.deleted ? [event.seq] : [])),
  );
  const all = [...here.filter((event) => event.seq > newest), ...fetched];
  return all.flatMap((event) => {
    if (event.kind !== "message" || gone.has(event.seq)) return [];
    const { from, at, seq } = event;
    return (event.files ?? []).map((file) => ({ file, from, at, seq }));
  });
}
