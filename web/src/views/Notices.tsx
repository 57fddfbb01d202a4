/** Short sentences about what was done or could not be done; each goes by itself. */
import { useEffect } from "react";
import { type Key, t } from "../i18n/t.ts";
import type { Notice } from "../sync/model.ts";
import { Icon } from "./parts/Icon.tsx";
import { useClient, useStore } from "./useApp.ts";

/** How long a notice stays, in milliseconds; an error is read more slowly. */
const STAYS_MS = { info: 3_000, error: 8_000 } as const;

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
    const timer = setTimeout(() => client.screen.dismiss(id), STAYS_MS[tone]);
    return () => clearTimeout(timer);
  }, [client, id, tone]);
  return (
    <div className="notice" data-tone={tone}>
      <Icon name={tone === "error" ? "warning" : "check"} size={16} />
      <span>{t(notice.key as Key, notice.values)}</span>
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
