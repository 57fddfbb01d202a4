/** Chooses what the right panel shows: what was asked for last, or the panel of the room. */
import { lazy, Suspense } from "react";
import type { Dialog, Panel } from "../../sync/model.ts";
import { useClient, useStore } from "../useApp.ts";
import { DetailsPanel } from "./DetailsPanel.tsx";
import { MembersPanel } from "./MembersPanel.tsx";
import { SearchPanel } from "./SearchPanel.tsx";
import { ThreadPanel } from "./ThreadPanel.tsx";

const HelpPanel = lazy(() => import("./HelpPanel.tsx"));
const CreateRoomPanel = lazy(() => import("./CreateRoomPanel.tsx"));
const InvitePanel = lazy(() => import("./InvitePanel.tsx"));
const StatusPanel = lazy(() => import("./StatusPanel.tsx"));
const RevisionsPanel = lazy(() => import("./RevisionsPanel.tsx"));

export function PanelHost() {
  const client = useClient();
  const panel = useStore((state) => state.panel);
  const dialog = useStore((state) => state.dialog);
  const place = useStore((state) => state.place);
  const onTop = ofDialog(dialog, () => client.screen.dialog(null));
  if (onTop !== null) return <Suspense fallback={<aside className="panel" />}>{onTop}</Suspense>;
  const room = place.page === "room" ? place.room : null;
  return panel === null ? null : ofPanel(panel, room, () => client.screen.panel(null));
}

function ofPanel(panel: Panel, room: number | null, close: () => void) {
  switch (panel.kind) {
    case "thread":
      return (
        <ThreadPanel
          key={`${panel.room} ${panel.root}`}
          room={panel.room}
          root={panel.root}
          onClose={close}
        />
      );
    case "members":
      return room === null ? null : <MembersPanel room={room} onClose={close} />;
    case "details":
      return room === null ? null : <DetailsPanel key={room} room={room} onClose={close} />;
    case "search":
      return <SearchPanel room={room} onClose={close} />;
    default:
      return panel satisfies never;
  }
}

/** What is not urgent enough for a modal is a panel. */
function ofDialog(dialog: Dialog | null, close: () => void) {
  switch (dialog?.kind) {
    case "help":
      return <HelpPanel onClose={close} />;
    case "create_room":
      return <CreateRoomPanel onClose={close} />;
    case "invite":
      return <InvitePanel room={dialog.room} onClose={close} />;
    case "status":
      return <StatusPanel onClose={close} />;
    case "revisions":
      return (
        <RevisionsPanel
          key={`${dialog.room} ${dialog.seq}`}
          room={dialog.room}
          seq={dialog.seq}
          onClose={close}
        />
      );
    default:
      return null;
  }
}
