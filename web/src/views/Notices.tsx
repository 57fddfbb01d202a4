/**
 * Short sentences about what was done or could not be done; each goes by itself. What somebody asked
 * for stays until it is closed.
 */
import { useEffect } from "react";
import { type Key, t } from "../i18n/t.ts";
import type { Notice } from "../sync/model.ts";
import { Markdown } from "./markdown/Markdown.tsx";
import { Icon } from "./parts/Icon.tsx";
import { useClient, useStore } from "./useApp.ts";

/** How long a notice stays, in milliseconds; an error is read more slowly. */
const STAYS_MS = { info: 3_000, error: 8_000, answer: null } as const;

export function Notices() {
  const notices = useStore((state) => state.notices);
  return (
    <div className="notices" role="status" aria-live="polite">
      {notices.map((notice) => (
        <OneNotice key={notice.id} notice={notice} />
      ))}
    </div>
  );
}

function OneNotice({ notice }: { readonly notice: Notice }) {
  const client = useClient();
  const { id, tone } = notice;
  useEffect(() => {
    const stays = STAYS_MS[tone];
    if (stays === null) return;
    const timer = setTimeout(() => client.screen.dismiss(id), stays);
    return () => clearTimeout(timer);
  }, [client, id, tone]);
  return (
    <div className="notice" data-tone={tone}>
      {tone === "answer" ? (
        <Markdown text={t(notice.key as Key, notice.values)} />
      ) : (
        <>
          <Icon name={tone === "error" ? "warning" : "check"} size={16} />
          <span>{t(notice.key as Key, notice.values)}</span>
        </>
      )}
      <button
        type="button"
        className="icon-button small"
        aria-label={t("common.close")}
        onClick={() => client.screen.dismiss(id)}
      >
        <Icon name="close" size={16} />
      </button>
    </div>
  );
}
