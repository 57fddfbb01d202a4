/** What a message said before it was edited. */
import { useCallback } from "react";
import { moment } from "../../i18n/clock.ts";
import { t } from "../../i18n/t.ts";
import type { RoomId, Seq } from "../../wire/types.ts";
import { Markdown } from "../markdown/Markdown.tsx";
import { Listed } from "../parts/Listed.tsx";
import { useClient } from "../useApp.ts";
import { useFetched } from "../useFetched.ts";
import { PanelFrame } from "./PanelFrame.tsx";

interface Props {
  readonly room: RoomId;
  readonly seq: Seq;
  readonly onClose: () => void;
}

export default function RevisionsPanel({ room, seq, onClose }: Props) {
  const client = useClient();
  const fetch = useCallback(() => client.http.revisions(room, seq), [client, room, seq]);
  const [revisions] = useFetched(fetch);
  return (
    <PanelFrame title={t("panel.history")} onClose={onClose}>
      <div className="panel-scroll">
        <Listed listing={revisions} empty={t("history.none")} />
        <ol className="cards">
          {[...revisions.items].reverse().map((revision) => (
            <li key={revision.at}>
              <article className="message-card">
                <header className="faint">{moment(revision.at)}</header>
                <Markdown text={revision.text} />
              </article>
            </li>
          ))}
        </ol>
      </div>
    </PanelFrame>
  );
}
