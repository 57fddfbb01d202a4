/** What a room is and how one wants to hear of it; for those who moderate it, its facts. */
import { type FormEvent, type ReactNode, useState } from "react";
import { archiveRoom } from "../../actions/archiveRoom.ts";
import { favouriteRoom } from "../../actions/favouriteRoom.ts";
import { leaveRoom } from "../../actions/leaveRoom.ts";
import { moderates } from "../../actions/lookup.ts";
import { renameRoom } from "../../actions/renameRoom.ts";
import { setNotify } from "../../actions/setNotify.ts";
import { setReadOnly } from "../../actions/setReadOnly.ts";
import { setTopic } from "../../actions/setTopic.ts";
import { type Key, t } from "../../i18n/t.ts";
import type { Room } from "../../sync/model.ts";
import { pathOf, roomPlace } from "../../sync/place.ts";
import type { Notify, RoomId } from "../../wire/types.ts";
import { Markdown } from "../markdown/Markdown.tsx";
import { CopyButton } from "../parts/CopyButton.tsx";
import { Icon } from "../parts/Icon.tsx";
import { useClient, usePerform, useStore } from "../useApp.ts";
import { Hooks } from "./Hooks.tsx";
import { PanelFrame } from "./PanelFrame.tsx";

const LEVELS: readonly (readonly [Notify, Key])[] = [
  ["all", "details.notify_all"],
  ["mentions", "details.notify_mentions"],
  ["none", "details.notify_none"],
];

export function DetailsPanel({
  room: id,
  onClose,
}: {
  readonly room: RoomId;
  readonly onClose: () => void;
}) {
  const room = useStore((state) => state.rooms.get(id));
  const may = useStore((state) => moderates(state, id));
  const admin = useStore((state) => state.me?.role === "admin" || state.me?.role === "owner");
  if (room === undefined) return null;
  const direct = room.summary.room_kind === "direct";
  return (
    <PanelFrame title={t("panel.details")} onClose={onClose}>
      <div className="panel-scroll panel-form">
        {!direct && <Facts room={room} may={may} />}
        <Mine room={room} />
        <Ways room={room} />
        <CopyButton
          wide
          text={window.location.origin + pathOf(roomPlace(id, null))}
          label={t("details.link")}
        />
        {!direct && may && <Rules room={room} />}
        {!direct && admin && <Hooks room={id} />}
        {!direct && <Leave room={room} />}
      </div>
    </PanelFrame>
  );
}

/** The other tabs of the room, which a phone has no place for in the header. */
function Ways({ room }: { readonly room: Room }) {
  const client = useClient();
  const go = (tab: "pins" | "files") => {
    client.screen.panel(null);
    client.screen.go({ page: "room", room: room.id, seq: null, jump: 0, tab });
  };
  return (
    <section>
      <div className="row">
        <button type="button" className="button" onClick={() => go("pins")}>
          <Icon name="pin" />
          {t("panel.pins")}
        </button>
        <button type="button" className="button" onClick={() => go("files")}>
          <Icon name="file" />
          {t("panel.files")}
        </button>
      </div>
    </section>
  );
}

function Facts({ room, may }: { readonly room: Room; readonly may: boolean }) {
  const perform = usePerform();
  const { summary } = room;
  return (
    <section>
      <h3>{t(summary.room_kind === "private" ? "room.private" : "room.public")}</h3>
      {may ? (
        <>
          <Line
            label={t("details.name")}
            value={summary.name}
            onSave={(name) => perform(renameRoom, { room: room.id, name })}
          />
          <Line
            label={t("details.topic")}
            value={summary.topic ?? ""}
            onSave={(topic) => perform(setTopic, { room: room.id, topic })}
          />
        </>
      ) : (
        <>
          <p className="quiet">#{summary.name}</p>
          {(summary.topic ?? "") === "" ? (
            <p className="faint">{t("details.topic_none")}</p>
          ) : (
            <Markdown text={summary.topic ?? ""} />
          )}
        </>
      )}
    </section>
  );
}

interface LineProps {
  readonly label: string;
  readonly value: string;
  readonly onSave: (value: string) => Promise<boolean>;
}

/** One line of text that is saved when it was changed. */
export function Line({ label, value, onSave }: LineProps) {
  const [typed, setTyped] = useState<string | null>(null);
  const shown = typed ?? value;
  const save = async (event: FormEvent) => {
    event.preventDefault();
    if (await onSave(shown.trim())) setTyped(null);
  };
  return (
    <form className="line-form" onSubmit={(event) => void save(event)}>
      <label>
        <span className="label">{label}</span>
        <input
          className="field"
          value={shown}
          maxLength={250}
          onChange={(event) => setTyped(event.target.value)}
        />
      </label>
      {shown !== value && (
        <button type="submit" className="button button-main">
          {t("common.save")}
        </button>
      )}
    </form>
  );
}

function Mine({ room }: { readonly room: Room }) {
  const perform = usePerform();
  const { notify, favourite = false } = room.summary;
  return (
    <section>
      <fieldset className="choices">
        <legend className="label">{t("details.notify")}</legend>
        {LEVELS.map(([level, label]) => (
          <label key={level} className="check">
            <input
              type="radio"
              name={`notify ${room.id}`}
              checked={notify === level}
              onChange={() => void perform(setNotify, { room: room.id, notify: level })}
            />
            {t(label)}
          </label>
        ))}
      </fieldset>
      <label className="check">
        <input
          type="checkbox"
          checked={favourite}
          onChange={(event) =>
            void perform(favouriteRoom, { room: room.id, on: event.target.checked })
          }
        />
        {t("details.favourite")}
      </label>
    </section>
  );
}

function Rules({ room }: { readonly room: Room }) {
  const perform = usePerform();
  const [asking, setAsking] = useState(false);
  const archived = room.summary.archived === true;
  const archive = () => {
    setAsking(false);
    void perform(archiveRoom, { room: room.id, on: !archived });
  };
  let sure: ReactNode = null;
  if (asking) {
    sure = (
      <div className="ask" role="alertdialog" aria-label={t("confirm.sure")}>
        <p>{t("details.archive_sure", { room: `#${room.summary.name}` })}</p>
        <button type="button" className="button button-main" onClick={archive}>
          {t("details.archive")}
        </button>
        <button type="button" className="button" onClick={() => setAsking(false)}>
          {t("common.cancel")}
        </button>
      </div>
    );
  }
  return (
    <section>
      <label className="check">
        <input
          type="checkbox"
          checked={room.summary.read_only === true}
          onChange={(event) =>
            void perform(setReadOnly, { room: room.id, on: event.target.checked })
          }
        />
        {t("details.read_only")}
      </label>
      <button
        type="button"
        className="button"
        onClick={() => (archived ? archive() : setAsking(true))}
      >
        <Icon name="archive" />
        {t(archived ? "details.unarchive" : "details.archive")}
      </button>
      {sure}
    </section>
  );
}

function Leave({ room }: { readonly room: Room }) {
  const perform = usePerform();
  return (
    <section>
      <button
        type="button"
        className="button button-danger"
        onClick={() => void perform(leaveRoom, { room: room.id })}
      >
        <Icon name="sign_out" />
        {t("details.leave")}
      </button>
    </section>
  );
}
