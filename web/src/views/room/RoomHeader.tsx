/** The head of a room: its name and topic, its tabs, and what can be opened beside it. */
import { favouriteRoom } from "../../actions/favouriteRoom.ts";
import { togglePanel } from "../../actions/togglePanel.ts";
import { count, type Key, t } from "../../i18n/t.ts";
import type { Place, Room } from "../../sync/model.ts";
import { Icon, type IconName } from "../parts/Icon.tsx";
import { RoomMark } from "../rail/RoomLink.tsx";
import { useClient, usePerform, useStore } from "../useApp.ts";

type Tab = Extract<Place, { page: "room" }>["tab"];
const TABS: readonly (readonly [Tab, Key])[] = [
  ["chat", "tab.chat"],
  ["pins", "tab.pins"],
  ["files", "tab.files"],
];

export function RoomHeader({ room, tab }: { readonly room: Room; readonly tab: Tab }) {
  const perform = usePerform();
  const { summary } = room;
  const favourite = summary.favourite === true;
  return (
    <header className="room-head">
      <a className="icon-button back" href="/" aria-label={t("room.back")}>
        <Icon name="back" />
      </a>
      <div className="room-title">
        <h1>
          <RoomMark room={room} />
          <span>{room.title}</span>
        </h1>
        {summary.archived === true && <span className="tag">{t("room.archived")}</span>}
        {summary.read_only === true && <span className="tag">{t("room.read_only")}</span>}
        <button
          type="button"
          className="icon-button small star"
          aria-pressed={favourite}
          aria-label={t("room.favourite")}
          title={t(favourite ? "room.unfavourite" : "room.favourite")}
          onClick={() => void perform(favouriteRoom, { room: room.id, on: !favourite })}
        >
          <Icon name="star" filled={favourite} size={16} />
        </button>
        {(summary.topic ?? "") !== "" && (
          <p className="room-topic" title={summary.topic}>
            {summary.topic}
          </p>
        )}
      </div>
      <Tabs room={room} tab={tab} />
      <div className="room-tools" role="toolbar" aria-label={t("room.toolbar")}>
        <PanelButton
          kind="members"
          icon="users"
          label={t("room.members", { count: summary.members })}
          text={count(summary.members)}
        />
        <PanelButton kind="search" icon="search" label={t("room.search")} />
        <PanelButton kind="details" icon="info" label={t("room.details")} />
      </div>
    </header>
  );
}

function Tabs({ room, tab }: { readonly room: Room; readonly tab: Tab }) {
  const client = useClient();
  return (
    <nav className="tabs" aria-label={t("tab.label")}>
      {TABS.map(([name, label]) => (
        <button
          key={name}
          type="button"
          className="tab"
          aria-current={tab === name ? "page" : undefined}
          onClick={() =>
            client.screen.go({ page: "room", room: room.id, seq: null, jump: 0, tab: name })
          }
        >
          {t(label)}
        </button>
      ))}
    </nav>
  );
}

interface PanelButtonProps {
  readonly kind: "members" | "details" | "search";
  readonly icon: IconName;
  readonly label: string;
  readonly text?: string;
}

function PanelButton({ kind, icon, label, text }: PanelButtonProps) {
  const perform = usePerform();
  const open = useStore((state) => state.panel?.kind === kind);
  return (
    <button
      type="button"
      className="icon-button"
      aria-expanded={open}
      aria-label={label}
      title={label}
      data-wide={text !== undefined || undefined}
      onClick={() => void perform(togglePanel, { kind })}
    >
      <Icon name={icon} />
      {text !== undefined && <span aria-hidden="true">{text}</span>}
    </button>
  );
}
