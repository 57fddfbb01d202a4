/**
 * What is being written in one composer. The keys are shown at once; the store keeps each of them
 * for a reload. What others change in the store (a quote, a send) shows here.
 */
import { useCallback, useEffect, useRef, useState } from "react";
import { type DraftText, draftKey } from "../../sync/model.ts";
import type { RoomId, Seq } from "../../wire/types.ts";
import { useClient, useStore } from "../useApp.ts";

export interface DraftBox {
  readonly key: string;
  readonly text: string;
  readonly draft: DraftText | undefined;
  readonly write: (text: string) => void;
  readonly change: (change: Partial<Omit<DraftText, "at" | "text">>) => void;
}

export function useDraft(room: RoomId, thread: Seq | null): DraftBox {
  const client = useClient();
  const key = draftKey(room, thread);
  const draft = useStore((state) => state.drafts.get(key));
  const [text, setText] = useState(draft?.text ?? "");
  const written = useRef(text);
  const stored = draft?.text ?? "";
  useEffect(() => {
    if (stored === written.current) return;
    written.current = stored;
    setText(stored);
  }, [stored]);
  const write = useCallback(
    (next: string) => {
      written.current = next;
      setText(next);
      client.drafts.write(key, { text: next });
    },
    [client, key],
  );
  const change = useCallback(
    (next: Partial<Omit<DraftText, "at" | "text">>) => client.drafts.write(key, next),
    [client, key],
  );
  return { key, text, draft, write, change };
}
