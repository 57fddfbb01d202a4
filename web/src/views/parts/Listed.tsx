/** What to say of a list that is being fetched, failed to come, or is empty; nothing when it is there. */
import { t } from "../../i18n/t.ts";
import type { Refusal } from "../../wire/types.ts";

interface Props {
  readonly listing: {
    readonly items: readonly unknown[];
    readonly loading: boolean;
    readonly why: Refusal | null;
  } | null;
  readonly empty: string;
}

export function Listed({ listing, empty }: Props) {
  if (listing === null || (listing.loading && listing.items.length === 0)) {
    return <p className="quiet panel-note">{t("app.loading")}</p>;
  }
  if (listing.why !== null) {
    const why =
      listing.why.message === "unreachable"
        ? t("common.unreachable")
        : t("common.failed", { why: listing.why.message });
    return (
      <p className="error panel-note" role="alert">
        {why}
      </p>
    );
  }
  return listing.items.length === 0 ? <p className="quiet panel-note">{empty}</p> : null;
}
