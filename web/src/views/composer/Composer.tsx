/** Where a message is written. Never disabled for the connection's sake: what is written is kept. */
import { useEffect, useRef, useState } from "react";
import { editLast } from "../../actions/editLast.ts";
import { mayWrite } from "../../actions/lookup.ts";
import { runCommand } from "../../actions/runCommand.ts";
import { sendMessage } from "../../actions/sendMessage.ts";
import { uploadFiles } from "../../actions/uploadFiles.ts";
import { t } from "../../i18n/t.ts";
import type { Room } from "../../sync/model.ts";
import type { Seq } from "../../wire/types.ts";
import { useClient, useCtx, usePerform, useStore } from "../useApp.ts";
import { ComposerTools } from "./ComposerTools.tsx";
import { PasteOffer } from "./PasteOffer.tsx";
import { QuoteStrip } from "./QuoteStrip.tsx";
import { insert, TextBox } from "./TextBox.tsx";
import { Typists } from "./Typists.tsx";
import { Uploads } from "./Uploads.tsx";
import { useDraft } from "./useDraft.ts";
import { useDrop } from "./useDrop.ts";
import { useUploads } from "./useUploads.ts";

/** Pasting this many lines or more offers a block of code. */
const CODE_LINES = 5;

interface Props {
  readonly room: Room;
  readonly thread: Seq | null;
}

export function Composer({ room, thread }: Props) {
  const may = useStore((state) => mayWrite(state, room.id));
  if (!may) return <WhyNot room={room} />;
  return <OpenComposer key={`${room.id} ${thread ?? ""}`} room={room} thread={thread} />;
}

function OpenComposer({ room, thread }: Props) {
  const perform = usePerform();
  const ctx = useCtx();
  const client = useClient();
  const box = useRef<HTMLTextAreaElement>(null);
  const { key, text, draft, write, change } = useDraft(room.id, thread);
  const uploads = useUploads(key, draft?.files);
  const [pasted, setPasted] = useState<{ start: number; text: string } | null>(null);
  const [waits, setWaits] = useState(false);
  const over = useOver(text);
  const title = room.summary.room_kind === "direct" ? room.title : `#${room.title}`;
  const attach = (files: readonly File[]) => {
    if (files.length > 0) void perform(uploadFiles, { room: room.id, thread, files });
  };
  const dropping = useDrop(attach, thread === null ? ".room" : ".panel");

  const send = () => {
    if (over > 0) return;
    if (thread === null && isCommand(text)) {
      void perform(runCommand, { room: room.id, text });
      return;
    }
    if (uploads.busy) {
      setWaits(true);
      return;
    }
    if (text.trim() === "" && uploads.files.length === 0) return;
    const said = text.startsWith("//") ? text.slice(1) : text;
    void perform(sendMessage, {
      room: room.id,
      thread,
      text: said,
      alsoRoom: draft?.alsoRoom ?? false,
      files: uploads.files,
      quote: draft?.quote ?? null,
    });
    uploads.forget();
    write("");
    setPasted(null);
    setWaits(false);
    box.current?.focus();
  };
  useSendWhenUploaded(waits && !uploads.busy, send);
  useFocusHere(box, room.id, draft?.quote ?? null);

  return (
    <form
      className="composer"
      data-dropping={dropping || undefined}
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <div className="composer-box">
        {dropping && <p className="composer-drop">{t("compose.drop")}</p>}
        {pasted !== null && (
          <PasteOffer
            text={pasted.text}
            onDone={() => setPasted(null)}
            onBlock={(block) => {
              if (box.current !== null)
                insert(box.current, pasted.start, pasted.start + pasted.text.length, block);
              setPasted(null);
            }}
          />
        )}
        {draft?.quote != null && (
          <QuoteStrip room={room.id} seq={draft.quote} onDrop={() => change({ quote: null })} />
        )}
        <TextBox
          box={box}
          room={room.id}
          text={text}
          label={thread === null ? t("compose.label", { room: title }) : t("compose.label_thread")}
          placeholder={
            thread === null
              ? t("compose.placeholder", { room: title })
              : t("compose.placeholder_thread")
          }
          onText={(next) => {
            write(next);
            if (next !== "") client.connection.typing(room.id, thread);
          }}
          onSubmit={send}
          onKey={(event) => {
            if (event.key !== "ArrowUp" || text !== "") return false;
            if (editLast.possible?.(ctx, { room: room.id, thread }) === false) return false;
            event.preventDefault();
            void perform(editLast, { room: room.id, thread });
            return true;
          }}
          onPaste={(event) => {
            const files = [...event.clipboardData.files];
            if (files.length > 0) {
              event.preventDefault();
              attach(files);
              return;
            }
            const lines = event.clipboardData.getData("text/plain").replace(/\r\n?/g, "\n");
            if (lines.split("\n").length < CODE_LINES || lines.includes("```")) return;
            setPasted({ start: event.currentTarget.selectionStart, text: lines });
          }}
        />
        <Uploads draft={key} />
        <ComposerTools
          box={box}
          empty={text.trim() === "" && uploads.files.length === 0}
          over={over}
          waits={waits}
          onFiles={attach}
        />
      </div>
      <div className="composer-foot">
        {thread !== null && (
          <label className="check">
            <input
              type="checkbox"
              checked={draft?.alsoRoom ?? false}
              onChange={(event) => change({ alsoRoom: event.target.checked })}
            />
            {t("compose.also_room", { room: title })}
          </label>
        )}
        <Typists room={room.id} thread={thread} />
      </div>
    </form>
  );
}

function WhyNot({ room }: { readonly room: Room }) {
  const { archived, role } = room.summary;
  const why =
    archived === true
      ? "compose.why_archived"
      : role === "muted"
        ? "compose.why_muted"
        : "compose.why_read_only";
  return <p className="composer-closed">{t(why)}</p>;
}

/** How many bytes a text is over the limit; 0 when it fits. */
function useOver(text: string): number {
  const limit = useStore((state) => state.workspace?.textBytesMax ?? Number.POSITIVE_INFINITY);
  // Three bytes are the most that one UTF-16 unit takes.
  if (text.length * 3 <= limit) return 0;
  return Math.max(0, new TextEncoder().encode(text).length - limit);
}

function useSendWhenUploaded(ready: boolean, send: () => void): void {
  const latest = useRef(send);
  latest.current = send;
  useEffect(() => {
    if (ready) latest.current();
  }, [ready]);
}

/** A room that comes on the screen, and a quote, put the caret into the composer: not on glass. */
function useFocusHere(
  box: React.RefObject<HTMLTextAreaElement | null>,
  room: number,
  quote: Seq | null,
): void {
  // biome-ignore lint/correctness/useExhaustiveDependencies: another room or quote is the reason
  useEffect(() => {
    if (window.matchMedia("(pointer: coarse)").matches && quote === null) return;
    const element = box.current;
    if (element === null || document.querySelector("dialog[open]") !== null) return;
    element.focus({ preventScroll: true });
    element.setSelectionRange(element.value.length, element.value.length);
  }, [room, quote]);
}

function isCommand(text: string): boolean {
  return /^\/[a-z]/i.test(text);
}
