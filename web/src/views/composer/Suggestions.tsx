/** The list above a text box of what may be meant. The text box keeps the focus. */
import { t } from "../../i18n/t.ts";
import type { Choice } from "./complete.ts";

interface Props {
  readonly id: string;
  readonly choices: readonly Choice[];
  readonly chosen: number;
  readonly onTake: (choice: Choice) => void;
}

export function Suggestions({ id, choices, chosen, onTake }: Props) {
  return (
    <div className="suggestions" role="listbox" id={id} aria-label={t("compose.suggestions")}>
      {choices.map((choice, i) => (
        // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are the text box's
        // biome-ignore lint/a11y/useFocusableInteractive: the text box keeps the focus and points here
        <div
          key={choice.key}
          id={`${id}-${i}`}
          role="option"
          className="suggestion"
          aria-selected={i === chosen}
          onMouseDown={(event) => event.preventDefault()}
          onClick={() => onTake(choice)}
        >
          {choice.picture !== "" && <span className="suggestion-picture">{choice.picture}</span>}
          <strong>{choice.title}</strong>
          <span className="faint">{choice.detail}</span>
        </div>
      ))}
    </div>
  );
}
