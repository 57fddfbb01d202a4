/** The first column: where one can go, and what wants one there. */

import { isMember } from "../../actions/lookup.ts";
import { openSwitcher } from "../../actions/openSwitcher.ts";
import { type Key, t } from "../../i18n/t.ts";
import type { Place } from "../../sync/model.ts";
import { pathOf } from "../../sync/place.ts";
import type { RoomId } from "../../wire/types.ts";
import { Icon, type IconName } from "../parts/Icon.tsx";
import { Keys } from "../parts/Keys.tsx";
import { useClient, usePerform, useStore } from "../useApp.ts";
import { MeMenu } from "./MeMenu.tsx";
import { RoomLink } from "./RoomLink.tsx";

export function Rail() {
  const perform = usePerform();
  const client = useClient();
  const sections = useStore((state) => state.sections);
  const member = useStore((state) => isMember(state));
  const failed = useStore(
    (state) => state.outbox.filter((entry) => entry.state === "failed").length,
  );
  const empty = sections.favourite.length + sections.rooms.length + sections.direct.length === 0;
  return (
    <nav className="rail" aria-label={t("rail.label")}>
      <MeMenu />
      <button type="button" className="jump" onClick={() => void perform(openSwitcher, undefined)}>
        <Icon name="search" size={16} />
        <span>{t("rail.jump")}</span>
        <Keys keys="Mod+K" />
      </button>
      <div className="rail-scroll">
        <ul className="rail-list">
          <PlaceLink place={{ page: "inbox" }} icon="thread" label="rail.inbox" />
          {failed > 0 && (
            <PlaceLink
              place={{ page: "outbox" }}
              icon="warning"
              label="rail.failed"
              count={failed}
            />
          )}
          {member && <PlaceLink place={{ page: "browse" }} icon="compass" label="rail.browse" />}
          <PlaceLink place={{ page: "people" }} icon="users" label="rail.people" />
        </ul>
        <Section name="rail.favourites" rooms={sections.favourite} />
        <Section
          name="rail.rooms"
          rooms={sections.rooms}
          add={
            member
              ? {
                  label: "rail.new_room",
                  onClick: () => client.screen.dialog({ kind: "create_room" }),
                }
              : null
          }
        />
        <Section
          name="rail.direct"
          rooms={sections.direct}
          add={
            member
              ? {
                  label: "rail.new_direct",
                  onClick: () => client.screen.dialog({ kind: "invite", room: null }),
                }
              : null
          }
        />
        {empty && <p className="rail-empty quiet">{t("rail.no_rooms")}</p>}
      </div>
    </nav>
  );
}

interface SectionProps {
  readonly name: Key;
  readonly rooms: readonly RoomId[];
  readonly add?: { readonly label: Key; readonly onClick: () => void } | null;
}

function Section({ name, rooms, add = null }: SectionProps) {
  if (rooms.length === 0 && add === null) return null;
  return (
    <section className="rail-section">
      <div className="rail-head">
        <h2>{t(name)}</h2>
        {add !== null && (
          <button
            type="button"
            className="icon-button small"
            aria-label={t(add.label)}
            title={t(add.label)}
            onClick={add.onClick}
          >
            <Icon name="plus" size={16} />
          </button>
        )}
      </div>
      <ul className="rail-list">
        {rooms.map((room) => (
          <li key={room}>
            <RoomLink room={room} />
          </li>
        ))}
      </ul>
    </section>
  );
}

interface PlaceLinkProps {
  readonly place: Place;
  readonly icon: IconName;
  readonly label: Key;
  readonly count?: number;
}

function PlaceLink({ place, icon, label, count = 0 }: PlaceLinkProps) {
  const here = useStore((state) => state.place.page === place.page);
  return (
    <li>
      <a className="rail-link" href={pathOf(place)} aria-current={here ? "page" : undefined}>
        <Icon name={icon} />
        <span className="rail-name">{t(label)}</span>
        {count > 0 && <span className="badge">{count}</span>}
      </a>
    </li>
  );
}
