/** The message that the one being written quotes. */
import { t } from "../../i18n/t.ts";
import type { RoomId, Seq } from "../../wire/types.ts";
import { MarkdownLine } from "../markdown/Markdown.tsx";
import { Icon } from "../parts/Icon.tsx";
import { usePerson } from "../people.ts";
import { lineAt } from "../timeline/lines.ts";
import { useStore } from "../useApp.ts";

interface Props {
  readonly room: RoomId;
  readonly seq: Seq;
  readonly onDrop: () => void;
}

export function QuoteStrip({ room, seq, onDrop }: Props) {
  const event = useStore((state) => lineAt(state.rooms.get(room), seq))?.event;
  const person = usePerson(event?.from ?? null);
  const message = event?.kind === "message" ? event : null;
  return (
    <div className="strip">
      <Icon name="quote" size={16} />
      <span className="strip-text">
        <strong>
          {t("compose.quoting", { who: message?.name ?? person?.display ?? t("line.someone") })}
        </strong>{" "}
        {message !== null && <MarkdownLine text={message.text} />}
      </span>
      <button
        type="button"
        className="icon-button small"
        aria-label={t("compose.stop_quote")}
        title={t("compose.stop_quote")}
        onClick={onDrop}
      >
        <Icon name="close" size={16} />
      </button>
    </div>
  );
}
