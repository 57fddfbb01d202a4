/** Messages that were refused, and those that wait to be sent: apart from their rooms, with what can be done. */
import { discardFailed } from "../../actions/discardFailed.ts";
import { openRoom } from "../../actions/openRoom.ts";
import { retryFailed } from "../../actions/retryFailed.ts";
import { clock } from "../../i18n/clock.ts";
import { t } from "../../i18n/t.ts";
import type { OutboxEntry } from "../../sync/model.ts";
import { Markdown } from "../markdown/Markdown.tsx";
import { usePerform, useStore } from "../useApp.ts";
import { Page } from "./Page.tsx";

export default function OutboxPage() {
  const outbox = useStore((state) => state.outbox);
  const failed = outbox.filter((entry) => entry.state === "failed");
  return (
    <Page title={t("failed.title")}>
      <p className="quiet">{t(failed.length === 0 ? "failed.none" : "failed.hint")}</p>
      <ul className="cards">
        {failed.map((entry) => (
          <li key={entry.nonce}>
            <Entry entry={entry} />
          </li>
        ))}
      </ul>
    </Page>
  );
}

function Entry({ entry }: { readonly entry: OutboxEntry }) {
  const perform = usePerform();
  const room = useStore((state) => state.rooms.get(entry.room));
  const { draft, nonce } = entry;
  return (
    <article className="message-card">
      <header>
        <button
          type="button"
          className="link-button"
          onClick={() => void perform(openRoom, { room: entry.room })}
        >
          {room?.title ?? ""}
        </button>
        <span className="faint">{clock(entry.at)}</span>
      </header>
      {"text" in draft && <Markdown text={draft.text} />}
      <p className="error">{t("line.failed", { why: entry.why?.message ?? "" })}</p>
      <footer>
        <button
          type="button"
          className="button"
          onClick={() => void perform(retryFailed, { nonce })}
        >
          {t("common.retry")}
        </button>
        <button
          type="button"
          className="button button-danger"
          onClick={() => void perform(discardFailed, { nonce })}
        >
          {t("common.discard")}
        </button>
      </footer>
    </article>
  );
}
