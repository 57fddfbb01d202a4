/** Who is in a room, who of them is there, and what moderators can do about it. */
import { useMemo, useState } from "react";
import { moderates } from "../../actions/lookup.ts";
import { removeMember } from "../../actions/removeMember.ts";
import { setMemberRole } from "../../actions/setMemberRole.ts";
import { t } from "../../i18n/t.ts";
import type { Member, RoomId } from "../../wire/types.ts";
import { Avatar } from "../parts/Avatar.tsx";
import { Icon } from "../parts/Icon.tsx";
import { MenuItem } from "../parts/MenuItem.tsx";
import { PersonButton } from "../parts/PersonButton.tsx";
import { Popover } from "../parts/Popover.tsx";
import { usePerson, usePresence } from "../people.ts";
import { useClient, usePerform, useStore } from "../useApp.ts";
import { PanelFrame } from "./PanelFrame.tsx";

/** With so many, a field to search in is worth its place. */
const SEARCH_FROM = 8;
/** Most people listed at once. */
const SHOWN_MAX = 200;

export function MembersPanel({
  room,
  onClose,
}: {
  readonly room: RoomId;
  readonly onClose: () => void;
}) {
  const client = useClient();
  const [typed, setTyped] = useState("");
  const members = useStore((state) => state.rooms.get(room)?.members);
  const total = useStore((state) => state.rooms.get(room)?.summary.members ?? 0);
  const direct = useStore((state) => state.rooms.get(room)?.summary.room_kind === "direct");
  const may = useStore((state) => moderates(state, room));
  // Without a live lease nothing is known of anybody.
  const known = useStore((state) => state.presence.size > 0);
  const [here, others] = useSplit(members ?? [], typed);
  return (
    <PanelFrame title={t("room.members", { count: total })} onClose={onClose}>
      <div className="panel-tools">
        {total >= SEARCH_FROM && (
          <input
            type="search"
            className="field"
            placeholder={t("members.search")}
            aria-label={t("members.search")}
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
          />
        )}
        {!direct && (
          <button
            type="button"
            className="button"
            onClick={() => client.screen.dialog({ kind: "invite", room })}
          >
            <Icon name="plus" />
            {t("members.invite")}
          </button>
        )}
      </div>
      <div className="panel-scroll">
        <Group title={t("members.here")} members={here} room={room} may={may} />
        <Group
          title={t(known ? "members.others" : "members.all")}
          members={others}
          room={room}
          may={may}
        />
        {here.length + others.length === 0 && (
          <p className="quiet panel-note">{t("members.none")}</p>
        )}
      </div>
    </PanelFrame>
  );
}

/** Those who are there and those who are not, by name, as far as they fit what was typed. */
function useSplit(members: readonly Member[], typed: string): readonly [Member[], Member[]] {
  const people = useStore((state) => state.people);
  const presence = useStore((state) => state.presence);
  return useMemo(() => {
    const wanted = typed.trim().toLowerCase();
    const name = (member: Member) => people.get(member.account)?.display ?? "";
    const all = members
      .filter((member) => {
        const person = people.get(member.account);
        return (
          wanted === "" ||
          person?.name.includes(wanted) ||
          person?.display.toLowerCase().includes(wanted)
        );
      })
      .sort((a, b) => name(a).localeCompare(name(b)))
      .slice(0, SHOWN_MAX);
    const isHere = (member: Member) => presence.has(member.account);
    return [all.filter(isHere), all.filter((member) => !isHere(member))];
  }, [members, people, presence, typed]);
}

interface GroupProps {
  readonly title: string;
  readonly members: readonly Member[];
  readonly room: RoomId;
  readonly may: boolean;
}

function Group({ title, members, room, may }: GroupProps) {
  if (members.length === 0) return null;
  return (
    <section className="people-group">
      <h3>{title}</h3>
      <ul className="people">
        {members.map((member) => (
          <MemberRow key={member.account} member={member} room={room} may={may} />
        ))}
      </ul>
    </section>
  );
}

function MemberRow({
  member,
  room,
  may,
}: {
  readonly member: Member;
  readonly room: RoomId;
  readonly may: boolean;
}) {
  const person = usePerson(member.account);
  const presence = usePresence(member.account);
  const me = useStore((state) => state.me?.id === member.account);
  const name = person?.display ?? t("line.someone");
  return (
    <li className="person">
      <Avatar person={person} size="s" presence={person?.bot === true ? null : presence} />
      <span className="person-words">
        <PersonButton id={member.account} name={me ? `${name} (${t("common.you")})` : name} />
        {(person?.status ?? "") !== "" && <span className="faint">{person?.status}</span>}
      </span>
      {member.role !== "member" && (
        <span className="tag">{t(member.role === "muted" ? "role.muted" : "role.moderator")}</span>
      )}
      {person?.role === "guest" && <span className="tag">{t("role.guest")}</span>}
      {person?.bot === true && <span className="tag">{t("role.bot")}</span>}
      {may && !me && <MemberMenu member={member} room={room} name={name} />}
    </li>
  );
}

interface MenuProps {
  readonly member: Member;
  readonly room: RoomId;
  readonly name: string;
}

function MemberMenu({ member, room, name }: MenuProps) {
  const perform = usePerform();
  const who = member.account;
  return (
    <Popover
      kind="menu"
      label={t("members.tools", { who: name })}
      trigger={(props) => (
        <button
          type="button"
          className="icon-button small"
          aria-label={t("members.tools", { who: name })}
          {...props}
        >
          <Icon name="more" />
        </button>
      )}
    >
      {(close) => {
        const then = (deed: () => Promise<boolean>) => () => {
          close();
          void deed();
        };
        const role = (to: Member["role"]) =>
          then(() => perform(setMemberRole, { room, who, role: to }));
        return (
          <>
            {member.role !== "moderator" && (
              <MenuItem
                icon="shield"
                label={t("members.make_moderator")}
                onClick={role("moderator")}
              />
            )}
            {member.role === "moderator" && (
              <MenuItem icon="user" label={t("members.make_member")} onClick={role("member")} />
            )}
            {member.role === "muted" ? (
              <MenuItem icon="bell" label={t("members.unmute")} onClick={role("member")} />
            ) : (
              <MenuItem icon="bell_off" label={t("members.mute")} onClick={role("muted")} />
            )}
            <MenuItem
              icon="sign_out"
              label={t("members.remove")}
              danger
              onClick={then(() => perform(removeMember, { room, who }))}
            />
            <MenuItem
              icon="close"
              label={t("members.ban")}
              danger
              onClick={then(() => perform(removeMember, { room, who, ban: true }))}
            />
          </>
        );
      }}
    </Popover>
  );
}
