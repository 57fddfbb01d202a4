/** Search: words and operators, results that jump to their message. */
import { useEffect, useRef, useState } from "react";
import { openRoom } from "../../actions/openRoom.ts";
import { search } from "../../actions/search.ts";
import { shortly } from "../../i18n/clock.ts";
import { type Key, t } from "../../i18n/t.ts";
import type { SearchHit } from "../../sync/model.ts";
import type { RoomId } from "../../wire/types.ts";
import { isNarrow } from "../narrow.ts";
import { Avatar } from "../parts/Avatar.tsx";
import { Icon } from "../parts/Icon.tsx";
import { Listed } from "../parts/Listed.tsx";
import { usePerson } from "../people.ts";
import { useClient, usePerform, useStore } from "../useApp.ts";
import { PanelFrame } from "./PanelFrame.tsx";
import { snippetPieces } from "./snippet.ts";

const OPERATORS: readonly (readonly [string, Key])[] = [
  ["from:", "search.help_from"],
  ["in:", "search.help_in"],
  ["before:", "search.help_before"],
  ["after:", "search.help_after"],
  ["has:", "search.help_has"],
  ['"…"', "search.help_phrase"],
];

export function SearchPanel({
  room,
  onClose,
}: {
  readonly room: RoomId | null;
  readonly onClose: () => void;
}) {
  const perform = usePerform();
  const client = useClient();
  const found = useStore((state) => state.search);
  const shed = useStore((state) => state.shed.includes("search"));
  const name = useStore((state) => (room === null ? undefined : state.rooms.get(room)?.summary));
  const field = useRef<HTMLInputElement>(null);
  const [typed, setTyped] = useState(found?.query ?? "");
  useEffect(() => field.current?.focus(), []);
  const add = (operator: string) => {
    const extra = operator === '"…"' ? '""' : operator;
    setTyped(
      (before) => `${before === "" || before.endsWith(" ") ? before : `${before} `}${extra}`,
    );
    field.current?.focus();
  };
  return (
    <PanelFrame title={t("panel.search")} onClose={onClose} takesFocus={false}>
      <search>
        <form
          className="panel-tools"
          onSubmit={(event) => {
            event.preventDefault();
            void perform(search, { query: typed });
          }}
        >
          <input
            ref={field}
            type="search"
            className="field"
            aria-label={t("search.label")}
            placeholder={t("search.label")}
            value={typed}
            onChange={(event) => {
              setTyped(event.target.value);
              if (event.target.value === "") client.lists.endSearch();
            }}
          />
          <div className="operators">
            {name !== undefined && name.room_kind !== "direct" && (
              <button type="button" className="chip" onClick={() => add(`in:${name.name} `)}>
                in:{name.name}
              </button>
            )}
            {OPERATORS.map(([operator, meaning]) => (
              <button
                key={operator}
                type="button"
                className="chip"
                title={t(meaning)}
                onClick={() => add(operator)}
              >
                {operator}
              </button>
            ))}
          </div>
        </form>
      </search>
      <div className="panel-scroll" aria-live="polite">
        {shed && <p className="quiet panel-note">{t("search.catching_up")}</p>}
        {found === null ? (
          <Help />
        ) : (
          <Listed listing={{ ...found, items: found.hits }} empty={t("search.none")} />
        )}
        <ul className="hits">
          {found?.hits.map((hit) => (
            <li key={`${hit.room} ${hit.event.seq}`}>
              <Hit hit={hit} query={found.query} />
            </li>
          ))}
        </ul>
        {found !== null && found.next !== null && !found.loading && (
          <button type="button" className="button" onClick={() => void client.lists.searchMore()}>
            {t("search.more")}
          </button>
        )}
      </div>
    </PanelFrame>
  );
}

function Help() {
  return (
    <dl className="search-help">
      {OPERATORS.map(([operator, meaning]) => (
        <div key={operator}>
          <dt>
            <code>{operator}</code>
          </dt>
          <dd>{t(meaning)}</dd>
        </div>
      ))}
    </dl>
  );
}

function Hit({ hit, query }: { readonly hit: SearchHit; readonly query: string }) {
  const perform = usePerform();
  const client = useClient();
  const { event } = hit;
  const person = usePerson(event.from);
  const room = useStore((state) => state.rooms.get(hit.room));
  const who =
    event.kind === "message" && event.name !== undefined
      ? event.name
      : (person?.display ?? t("line.someone"));
  const where =
    room === undefined ? "" : room.summary.room_kind === "direct" ? room.title : `#${room.title}`;
  return (
    <button
      type="button"
      className="hit"
      title={t("search.jump", { room: where })}
      onClick={() => {
        if (isNarrow()) client.screen.panel(null);
        void perform(openRoom, { room: hit.room, seq: event.seq });
      }}
    >
      <span className="hit-head">
        <Avatar person={person} size="s" />
        <strong>{who}</strong>
        <span className="faint">{where}</span>
        <time className="faint">{shortly(event.at, Date.now())}</time>
      </span>
      <span className="hit-text">
        {snippetPieces(hit.snippet, query).map((piece, i) =>
          // biome-ignore lint/suspicious/noArrayIndexKey: the pieces of one text never move
          piece.found ? <mark key={i}>{piece.text}</mark> : <span key={i}>{piece.text}</span>,
        )}
      </span>
      <Icon name="chevron_right" size={16} />
    </button>
  );
}
