/**
 * Says new messages of the room on the screen to those who read by ear: each by itself while they
 * come slowly, one summary for a burst.
 */
import { useEffect, useRef, useState } from "react";
import { t } from "../i18n/t.ts";
import type { Event } from "../wire/types.ts";
import { useClient, useStore } from "./useApp.ts";

/** Messages within this time are told together, in milliseconds. */
const BATCH_MS = 1_200;
/** Most characters of a message that are read out by themselves. */
const TEXT_MAX = 300;

export function Announcer() {
  const client = useClient();
  const room = useStore((state) =>
    state.place.page === "room" ? state.rooms.get(state.place.room) : undefined,
  );
  const [words, setWords] = useState("");
  const heard = useRef({ room: 0, seq: 0 });
  const waiting = useRef<Event[]>([]);
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null);
  useEffect(() => {
    if (room === undefined) return;
    const last = heard.current;
    const seq = room.at?.seq ?? 0;
    if (last.room === room.id && last.seq > 0) {
      const me = client.store.getState().me?.id;
      for (const item of room.items.slice(-30)) {
        const isNew =
          item.kind === "line" && item.event.kind === "message" && item.event.seq > last.seq;
        if (isNew && item.event.from !== me) waiting.current.push(item.event);
      }
    }
    heard.current = { room: room.id, seq };
    if (waiting.current.length === 0 || timer.current !== null) return;
    timer.current = setTimeout(() => {
      timer.current = null;
      const nameOf = (id: number) =>
        client.store.getState().people.get(id)?.display ?? t("line.someone");
      setWords(sentence(waiting.current.splice(0), nameOf));
    }, BATCH_MS);
  }, [client, room]);
  return (
    <div className="unseen" aria-live="polite">
      {words}
    </div>
  );
}

function sentence(events: readonly Event[], nameOf: (id: number) => string): string {
  const last = events.at(-1);
  if (last?.kind !== "message") return "";
  const who = last.name ?? nameOf(last.from);
  return t("list.announce", { count: events.length, who, text: last.text.slice(0, TEXT_MAX) });
}
