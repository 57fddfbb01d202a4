/** The reactions on a message: how many, who, and whether one's own is among them. */
import { chooseReaction } from "../../actions/chooseReaction.ts";
import { react } from "../../actions/react.ts";
import { count, list, t } from "../../i18n/t.ts";
import type { Reaction, RoomId } from "../../wire/types.ts";
import { useEmoji } from "../emoji/book.ts";
import { Icon } from "../parts/Icon.tsx";
import { useNameOf } from "../people.ts";
import { usePerform, useStore } from "../useApp.ts";
import type { MessageEvent } from "./MessageRow.tsx";

/** Most names told for one reaction. */
const NAMES_MAX = 12;

export function Reactions({
  event,
  room,
}: {
  readonly event: MessageEvent;
  readonly room: RoomId;
}) {
  const perform = usePerform();
  if (event.reactions === undefined || event.reactions.length === 0) return null;
  return (
    <ul className="reactions">
      {event.reactions.map((reaction) => (
        <li key={reaction.emoji}>
          <Chip
            reaction={reaction}
            onClick={() => void perform(react, { room, seq: event.seq, emoji: reaction.emoji })}
          />
        </li>
      ))}
      <li>
        <button
          type="button"
          className="reaction reaction-add"
          aria-label={t("react.add")}
          title={t("react.add")}
          onClick={() => void perform(chooseReaction, { room, seq: event.seq })}
        >
          <Icon name="smile_plus" size={16} />
        </button>
      </li>
    </ul>
  );
}

function Chip({
  reaction,
  onClick,
}: {
  readonly reaction: Reaction;
  readonly onClick: () => void;
}) {
  const nameOf = useNameOf();
  const me = useStore((state) => state.me?.id ?? 0);
  const named = /^[\w+-]+$/.test(reaction.emoji);
  const char = useEmoji(named)?.byName.get(reaction.emoji)?.char ?? reaction.emoji;
  const names = reaction.by
    .slice(0, NAMES_MAX)
    .map((id) => (id === me ? t("common.you") : nameOf(id)));
  const more = reaction.by.length - names.length;
  const label =
    more > 0
      ? t("react.by_more", { emoji: char, names: names.join(", "), count: more })
      : t("react.by", { emoji: char, names: list(names) });
  return (
    <button
      type="button"
      className="reaction"
      aria-pressed={reaction.by.includes(me)}
      title={label}
      onClick={onClick}
    >
      <span>{char}</span>
      <span>{count(reaction.by.length)}</span>
      <span className="unseen">{label}</span>
    </button>
  );
}
