/** Brings people into a room, or starts a direct room with them. */
import { useMemo, useState } from "react";
import { invitePeople } from "../../actions/invitePeople.ts";
import { openDirect } from "../../actions/openDirect.ts";
import { t } from "../../i18n/t.ts";
import type { AccountId, RoomId } from "../../wire/types.ts";
import { PeopleChooser } from "../parts/PeopleChooser.tsx";
import { usePerform, useStore } from "../useApp.ts";
import { PanelFrame } from "./PanelFrame.tsx";

export default function InvitePanel({
  room,
  onClose,
}: {
  readonly room: RoomId | null;
  readonly onClose: () => void;
}) {
  const perform = usePerform();
  const members = useStore((state) => (room === null ? undefined : state.rooms.get(room)?.members));
  const me = useStore((state) => state.me?.id ?? 0);
  const [chosen, setChosen] = useState<readonly AccountId[]>([]);
  const without = useMemo(
    () => new Set([me, ...(members ?? []).map((member) => member.account)]),
    [me, members],
  );
  const go = () => {
    if (room === null) void perform(openDirect, { people: chosen });
    else void perform(invitePeople, { room, people: chosen });
  };
  return (
    <PanelFrame title={t(room === null ? "direct.title" : "members.invite")} onClose={onClose}>
      <div className="panel-scroll panel-form">
        {room === null && <p className="faint">{t("direct.hint")}</p>}
        <PeopleChooser chosen={chosen} onChange={setChosen} without={without} />
        <button
          type="button"
          className="button button-main"
          disabled={chosen.length === 0}
          onClick={go}
        >
          {t(room === null ? "direct.do" : "members.add")}
        </button>
      </div>
    </PanelFrame>
  );
}
