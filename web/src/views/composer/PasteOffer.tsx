/** After many lines were pasted: offers to make them a block of code. */
import { t } from "../../i18n/t.ts";
import { Icon } from "../parts/Icon.tsx";

interface Props {
  readonly text: string;
  readonly onBlock: (block: string) => void;
  readonly onDone: () => void;
}

export function PasteOffer({ text, onBlock, onDone }: Props) {
  return (
    <div className="strip" role="status">
      <Icon name="code_block" size={16} />
      <span>{t("compose.paste_code", { count: text.split("\n").length })}</span>
      <button
        type="button"
        className="link-button"
        onClick={() => onBlock(`\`\`\`\n${text.replace(/\n+$/, "")}\n\`\`\`\n`)}
      >
        {t("compose.paste_code_do")}
      </button>
      <button
        type="button"
        className="icon-button small"
        aria-label={t("compose.paste_code_no")}
        title={t("compose.paste_code_no")}
        onClick={onDone}
      >
        <Icon name="close" size={16} />
      </button>
    </div>
  );
}
