/** The devices that are signed in, and a way to sign each of them out. */
import { useEffect } from "react";
import { endSession } from "../../actions/endSession.ts";
import { shortly } from "../../i18n/clock.ts";
import { t } from "../../i18n/t.ts";
import type { SessionInfo } from "../../sync/model.ts";
import { Listed } from "../parts/Listed.tsx";
import { useClient, usePerform, useStore } from "../useApp.ts";

export function SessionSettings() {
  const client = useClient();
  const sessions = useStore((state) => state.sessions);
  useEffect(() => {
    void client.lists.sessions();
  }, [client]);
  return (
    <section className="setting">
      <h2>{t("settings.sessions")}</h2>
      <Listed listing={sessions} empty={t("common.nothing")} />
      <ul className="plain-list">
        {(sessions?.items ?? []).map((session) => (
          <li key={session.id}>
            <OneSession session={session} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function OneSession({ session }: { readonly session: SessionInfo }) {
  const perform = usePerform();
  const now = Date.now();
  const device = session.device === "" ? t("settings.session_unknown") : session.device;
  return (
    <>
      <span className="row-words">
        <span>
          {device} {session.current && <span className="tag">{t("settings.session_this")}</span>}
        </span>
        <span className="faint">
          {t("settings.session_since", { time: shortly(session.createdAt, now) })} ·{" "}
          {t("settings.session_seen", { time: shortly(session.seenAt, now) })}
        </span>
      </span>
      {!session.current && (
        <button
          type="button"
          className="button"
          aria-label={`${t("settings.session_out")}: ${device}`}
          onClick={() => void perform(endSession, { id: session.id })}
        >
          {t("settings.session_out")}
        </button>
      )}
    </>
  );
}
