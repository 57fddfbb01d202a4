/** Invitations: the links that are open, and new ones for members and guests. */
import { type FormEvent, useEffect, useState } from "react";
import { createInvite } from "../../actions/createInvite.ts";
import { revokeInvite } from "../../actions/revokeInvite.ts";
import { shortly } from "../../i18n/clock.ts";
import { list, t } from "../../i18n/t.ts";
import type { InviteInfo } from "../../sync/model.ts";
import type { Role, RoomId } from "../../wire/types.ts";
import { CopyButton } from "../parts/CopyButton.tsx";
import { Icon } from "../parts/Icon.tsx";
import { Listed } from "../parts/Listed.tsx";
import { useClient, usePerform, useStore } from "../useApp.ts";

const ROLES: readonly Role[] = ["member", "guest", "moderator", "admin"];
const DAYS = [1, 7, 30] as const;
/** “Any number of times”, as far as the server counts. */
const USES_MANY = 1_000;

export function Invites() {
  const client = useClient();
  const invites = useStore((state) => state.invites);
  useEffect(() => {
    void client.lists.invites();
  }, [client]);
  return (
    <>
      <NewInvite />
      <Listed listing={invites} empty={t("admin.invite_none")} />
      <ul className="rows">
        {(invites?.items ?? []).map((invite) => (
          <li key={invite.id}>
            <Invite invite={invite} />
          </li>
        ))}
      </ul>
    </>
  );
}

function NewInvite() {
  const perform = usePerform();
  const [role, setRole] = useState<Role>("member");
  const [rooms, setRooms] = useState<readonly RoomId[]>([]);
  const [many, setMany] = useState(false);
  const [days, setDays] = useState<number>(7);
  const make = (event: FormEvent) => {
    event.preventDefault();
    void perform(createInvite, {
      role,
      hours: days * 24,
      usesMax: many ? USES_MANY : 1,
      ...(rooms.length > 0 ? { rooms } : {}),
    });
  };
  return (
    <form className="admin-form" onSubmit={make}>
      <h2>{t("admin.invite_new")}</h2>
      <div className="row">
        <label>
          <span className="label">{t("admin.invite_role")}</span>
          <select
            className="field select"
            value={role}
            onChange={(event) => setRole(event.target.value as Role)}
          >
            {ROLES.map((one) => (
              <option key={one} value={one}>
                {t(`role.${one}`)}
              </option>
            ))}
          </select>
        </label>
        <label>
          <span className="label">{t("admin.invite_uses")}</span>
          <select
            className="field select"
            value={many ? "many" : "once"}
            onChange={(event) => setMany(event.target.value === "many")}
          >
            <option value="once">{t("admin.invite_uses_once")}</option>
            <option value="many">{t("admin.invite_uses_many")}</option>
          </select>
        </label>
        <label>
          <span className="label">{t("admin.invite_expires")}</span>
          <select
            className="field select"
            value={days}
            onChange={(event) => setDays(Number(event.target.value))}
          >
            {DAYS.map((count) => (
              <option key={count} value={count}>
                {t("admin.invite_days", { count })}
              </option>
            ))}
          </select>
        </label>
      </div>
      <RoomChoice chosen={rooms} onChange={setRooms} guest={role === "guest"} />
      <button
        type="submit"
        className="button button-main"
        disabled={role === "guest" && rooms.length === 0}
      >
        {t("admin.invite_do")}
      </button>
    </form>
  );
}

interface RoomChoiceProps {
  readonly chosen: readonly RoomId[];
  readonly onChange: (rooms: readonly RoomId[]) => void;
  readonly guest: boolean;
}

function RoomChoice({ chosen, onChange, guest }: RoomChoiceProps) {
  const rooms = useStore((state) => state.rooms);
  const offered = [...rooms.values()].filter(
    ({ summary }) => summary.room_kind !== "direct" && summary.archived !== true,
  );
  return (
    <fieldset>
      <legend className="label">{t("admin.invite_rooms")}</legend>
      {guest && <p className="faint hint">{t("admin.invite_rooms_hint")}</p>}
      <div className="operators">
        {offered.map((room) => (
          <label key={room.id} className="chip chip-check">
            <input
              type="checkbox"
              checked={chosen.includes(room.id)}
              onChange={(event) =>
                onChange(
                  event.target.checked
                    ? [...chosen, room.id]
                    : chosen.filter((id) => id !== room.id),
                )
              }
            />
            #{room.title}
          </label>
        ))}
      </div>
    </fieldset>
  );
}

function Invite({ invite }: { readonly invite: InviteInfo }) {
  const perform = usePerform();
  const rooms = useStore((state) => state.rooms);
  const names = invite.rooms.map((id) => `#${rooms.get(id)?.title ?? id}`);
  return (
    <div className="row-card">
      <Icon name="link" />
      <span className="row-words">
        <span>
          <strong>{t(`role.${invite.role}`)}</strong>{" "}
          {names.length > 0 && <span className="quiet">{list(names)}</span>}
        </span>
        <span className="faint">
          {t("admin.invite_left", { count: invite.usesMax - invite.uses })} ·{" "}
          {t("admin.invite_until", { time: shortly(invite.expiresAt, Date.now()) })}
        </span>
        {invite.link !== null && (
          <span className="shown-once">
            <span>{t("admin.invite_link")}</span>
            <code>{invite.link}</code>
            <CopyButton wide text={invite.link} label={t("common.copy")} />
          </span>
        )}
      </span>
      <button
        type="button"
        className="button"
        onClick={() => void perform(revokeInvite, { id: invite.id })}
      >
        {t("admin.invite_revoke")}
      </button>
    </div>
  );
}
