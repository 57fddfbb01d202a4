/** How far the sending of a message is; for one that was refused, why, and what to do about it. */
import { discardFailed } from "../../actions/discardFailed.ts";
import { retryFailed } from "../../actions/retryFailed.ts";
import { t } from "../../i18n/t.ts";
import type { Line } from "../../sync/model.ts";
import { Icon } from "../parts/Icon.tsx";
import { usePerform, useStore } from "../useApp.ts";

export function SendState({ line }: { readonly line: Line }) {
  const perform = usePerform();
  const live = useStore(
    (state) =>
      state.bar.state === "live" || state.bar.state === "back" || state.bar.state === "partial",
  );
  const { nonce } = line.event;
  if (line.state === "sending") {
    return (
      <p className="send-state">
        <Icon name="clock" size={16} />
        {t(live ? "line.sending" : "line.queued")}
      </p>
    );
  }
  if (line.state !== "failed" || nonce === undefined) return null;
  return (
    <p className="send-state send-failed" role="alert">
      <Icon name="warning" size={16} />
      <span>{t("line.failed", { why: line.why?.message ?? "" })}</span>
      <button
        type="button"
        className="link-button"
        onClick={() => void perform(retryFailed, { nonce })}
      >
        {t("common.retry")}
      </button>
      <button
        type="button"
        className="link-button"
        onClick={() => void perform(discardFailed, { nonce })}
      >
        {t("common.discard")}
      </button>
    </p>
  );
}
