/** “Really?” — for what cannot be taken back. The action runs again, told that it is sure. */
import type { Action } from "../../actions/action.ts";
import { actions } from "../../actions/index.ts";
import { t } from "../../i18n/t.ts";
import type { State } from "../../sync/model.ts";
import type { AccountId, RoomId } from "../../wire/types.ts";
import { usePerform, useStore } from "../useApp.ts";
import { Modal } from "./Modal.tsx";

interface Props {
  readonly action: string;
  readonly args: unknown;
  readonly onClose: () => void;
}

interface Question {
  readonly title: string;
  readonly body: string;
  readonly yes: string;
}

/** What the actions that ask may be about. */
interface About {
  readonly room?: RoomId;
  readonly who?: AccountId;
  readonly ban?: boolean;
}

export function ConfirmDialog({ action: id, args, onClose }: Props) {
  const perform = usePerform();
  const rooms = useStore((state) => state.rooms);
  const people = useStore((state) => state.people);
  const outbox = useStore((state) => state.outbox);
  const about = (typeof args === "object" && args !== null ? args : {}) as About;
  const question = questionOf(id, about, { rooms, people, outbox });
  const yes = () => {
    const action = (actions as unknown as Readonly<Record<string, Action<object>>>)[id];
    onClose();
    if (action !== undefined) void perform(action, { ...about, sure: true });
  };
  return (
    <Modal className="confirm" label={question.title} onClose={onClose}>
      <h2>{question.title}</h2>
      <p>{question.body}</p>
      <div className="row row-end">
        <button type="button" className="button" onClick={onClose}>
          {t("common.cancel")}
        </button>
        <button type="button" className="button button-red" onClick={yes}>
          {question.yes}
        </button>
      </div>
    </Modal>
  );
}

function questionOf(
  id: string,
  about: About,
  state: Pick<State, "rooms" | "people" | "outbox">,
): Question {
  const summary = about.room === undefined ? undefined : state.rooms.get(about.room)?.summary;
  const room = `#${summary?.name ?? ""}`;
  const who =
    (about.who === undefined ? undefined : state.people.get(about.who)?.display) ??
    t("line.someone");
  switch (id) {
    case "delete_message":
      return {
        title: t("confirm.delete_title"),
        body: t("confirm.delete_body"),
        yes: t("common.delete"),
      };
    case "leave_room":
      return {
        title: t("confirm.sure"),
        body: t(summary?.room_kind === "private" ? "details.leave_private" : "details.leave_sure", {
          room,
        }),
        yes: t("details.leave"),
      };
    case "remove_member":
      return {
        title: t("confirm.sure"),
        body: t(about.ban === true ? "members.ban_sure" : "members.remove_sure", { who, room }),
        yes: t(about.ban === true ? "members.ban" : "members.remove"),
      };
    case "sign_out":
      return {
        title: t("confirm.sure"),
        body: t("me.sign_out_unsent", { count: state.outbox.length }),
        yes: t("me.sign_out"),
      };
    default:
      return { title: t("confirm.sure"), body: "", yes: t("common.remove") };
  }
}
