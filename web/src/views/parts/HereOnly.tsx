/** Says that a list holds only what is on this device, while the server does not tell the rest. */
import { t } from "../../i18n/t.ts";
import type { Refusal } from "../../wire/types.ts";

interface Props {
  /** Why the server did not answer; null: it did. */
  readonly why: Refusal | null;
  /** What to say when it cannot be reached. */
  readonly words: string;
}

export function HereOnly({ why, words }: Props) {
  if (why === null) return null;
  return (
    <p className="quiet panel-note" role="status">
      {why.message === "unreachable" ? words : t("common.failed", { why: why.message })}
    </p>
  );
}
