/** What a notification says: who, where, and the beginning of the message as plain text. */
import { t } from "../i18n/t.ts";
import type { Room, State } from "../sync/model.ts";
import type { Note } from "../sync/notifications.ts";

/** Longest text in a notification; systems cut after about as much. */
const TEXT_MAX = 180;

export function noteWords(note: Note, state: State): { title: string; body: string } {
  const room = note.room === null ? undefined : state.rooms.get(note.room);
  if (note.kind === "summary") {
    return {
      title: state.workspace?.name ?? t("app.name"),
      body: t("notify.summary", { count: note.count }),
    };
  }
  const { event } = note;
  const message = event.kind === "message" ? event : null;
  const who = message?.name ?? state.people.get(event.from)?.display ?? t("line.someone");
  const direct = room?.summary.room_kind === "direct" && (room.summary.with?.length ?? 0) <= 1;
  const title = direct
    ? who
    : t("notify.in", { who, room: room === undefined ? "" : roomName(room) });
  const text = message?.text.replace(/\s+/g, " ").slice(0, TEXT_MAX) ?? "";
  return { title, body: text === "" ? t("notify.file") : text };
}

function roomName(room: Room): string {
  return room.summary.room_kind === "direct" ? room.title : `#${room.title}`;
}
