/** The public rooms of the workspace: find one, look into it, join it. */
import { useEffect, useState } from "react";
import { joinRoom } from "../../actions/joinRoom.ts";
import { openRoom } from "../../actions/openRoom.ts";
import { t } from "../../i18n/t.ts";
import type { BrowsedRoom } from "../../sync/model.ts";
import { Icon } from "../parts/Icon.tsx";
import { Listed } from "../parts/Listed.tsx";
import { useClient, usePerform, useStore } from "../useApp.ts";
import { Page } from "./Page.tsx";

/** After this pause in the typing, the server is asked, in milliseconds. */
const PAUSE_MS = 180;

export default function BrowsePage() {
  const client = useClient();
  const browse = useStore((state) => state.browse);
  const [typed, setTyped] = useState("");
  useEffect(() => {
    const timer = setTimeout(
      () => void client.lists.browse(typed.trim()),
      typed === "" ? 0 : PAUSE_MS,
    );
    return () => clearTimeout(timer);
  }, [client, typed]);
  return (
    <Page
      title={t("browse.title")}
      tools={
        <button
          type="button"
          className="button button-main"
          onClick={() => client.screen.dialog({ kind: "create_room" })}
        >
          <Icon name="plus" />
          {t("create.title")}
        </button>
      }
    >
      <input
        type="search"
        className="field field-wide"
        placeholder={t("browse.search")}
        aria-label={t("browse.search")}
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
      />
      <Listed listing={browse} empty={t("browse.none")} />
      <ul className="rows">
        {(browse?.items ?? []).map((room) => (
          <li key={room.id}>
            <BrowsedRow room={room} />
          </li>
        ))}
      </ul>
    </Page>
  );
}

function BrowsedRow({ room }: { readonly room: BrowsedRoom }) {
  const perform = usePerform();
  return (
    <div className="row-card">
      <Icon name={room.archived ? "archive" : "hash"} />
      <span className="row-words">
        <strong>{room.name}</strong>
        <span className="faint">
          {t("room.members", { count: room.members })}
          {room.joined && ` · ${t("browse.joined")}`}
          {room.archived && ` · ${t("room.archived")}`}
        </span>
        {room.topic !== "" && <span className="row-text quiet">{room.topic}</span>}
      </span>
      {room.joined ? (
        <button
          type="button"
          className="button"
          aria-label={`${t("browse.open")}: ${room.name}`}
          onClick={() => void perform(openRoom, { room: room.id })}
        >
          {t("browse.open")}
        </button>
      ) : (
        <button
          type="button"
          className="button"
          aria-label={`${t("room.join")}: ${room.name}`}
          onClick={() => void perform(joinRoom, { room: room.id })}
        >
          {t("room.join")}
        </button>
      )}
    </div>
  );
}
