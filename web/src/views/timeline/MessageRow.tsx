/** One message: who, when, what, and what can be done with it. */
import { memo, useState } from "react";
import { clock, iso, moment, shortly } from "../../i18n/clock.ts";
import { t } from "../../i18n/t.ts";
import type { Line } from "../../sync/model.ts";
import { permalink } from "../../sync/place.ts";
import type { Event, RoomId, Seq } from "../../wire/types.ts";
import { Avatar } from "../parts/Avatar.tsx";
import { PersonButton } from "../parts/PersonButton.tsx";
import { usePerson } from "../people.ts";
import { useStore } from "../useApp.ts";
import { LineTools } from "./LineTools.tsx";
import { MessageBody } from "./MessageBody.tsx";
import { Reactions } from "./Reactions.tsx";
import { SendState } from "./SendState.tsx";
import { ThreadChip } from "./ThreadChip.tsx";

export type MessageEvent = Extract<Event, { kind: "message" }>;

interface Props {
  readonly line: Line;
  readonly head: boolean;
  readonly room: RoomId;
  /** The thread in whose panel it is shown; null in the room. */
  readonly thread: Seq | null;
}

export const MessageRow = memo(function MessageRow({ line, head, room, thread }: Props) {
  const { event } = line;
  const [active, setActive] = useState(false);
  const person = usePerson(event.from);
  const mentionsMe = useStore(
    (state) => event.kind === "message" && namesMe(event, state.me?.id ?? 0),
  );
  if (event.kind !== "message") return null;
  const stored = event.seq > 0;
  const who = event.name ?? person?.display ?? t("line.someone");
  return (
    <article
      className="line"
      tabIndex={-1}
      aria-label={`${who}, ${clock(event.at)}`}
      data-key={line.key}
      data-seq={stored ? event.seq : undefined}
      data-room={room}
      data-head={head || undefined}
      data-state={line.state === "stored" ? undefined : line.state}
      data-mention={mentionsMe || undefined}
      data-changing={line.changing || undefined}
      onPointerEnter={() => setActive(true)}
      onPointerLeave={() => setActive(false)}
      onFocus={() => setActive(true)}
      onBlur={(e) => {
        if (!e.currentTarget.contains(e.relatedTarget)) setActive(false);
      }}
    >
      <div className="line-gutter">
        {head ? (
          <Avatar person={person ?? { id: event.from, display: who }} name={event.name} />
        ) : (
          <Stamp event={event} room={room} />
        )}
      </div>
      <div className="line-main">
        {head && (
          <header className="line-head">
            <PersonButton id={event.from} name={who} />
            {person?.bot === true && <span className="tag">{t("line.bot")}</span>}
            {person?.role === "guest" && <span className="tag">{t("line.guest")}</span>}
            <Stamp event={event} room={room} />
          </header>
        )}
        <MessageBody line={line} event={event} room={room} thread={thread} />
        {event.deleted !== true && <Reactions event={event} room={room} />}
        {thread === null && event.replies !== undefined && <ThreadChip event={event} room={room} />}
        <SendState line={line} />
      </div>
      {active && stored && event.deleted !== true && (
        <LineTools event={event} room={room} thread={thread} />
      )}
    </article>
  );
});

function Stamp({ event, room }: { readonly event: MessageEvent; readonly room: RoomId }) {
  const time = (
    <time dateTime={iso(event.at)} title={moment(event.at)}>
      {clock(event.at)}
    </time>
  );
  if (event.seq === 0) return <span className="stamp">{time}</span>;
  return (
    <a
      className="stamp"
      href={permalink(room, event.seq)}
      tabIndex={-1}
      aria-label={t("line.permalink", { time: shortly(event.at, Date.now()) })}
    >
      {time}
    </a>
  );
}

function namesMe(event: MessageEvent, me: number): boolean {
  return (
    event.from !== me && (event.mentions_room === true || event.mentions?.includes(me) === true)
  );
}
