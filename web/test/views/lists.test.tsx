// @vitest-environment jsdom
/** Lists that come from the server, and what they show while it does not answer. */
import { act, cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, describe, expect, it, vi } from "vitest";
import { fixture } from "../../dev/fixture.ts";
import type { Room } from "../../src/sync/model.ts";
import { Refused } from "../../src/sync/refused.ts";
import { Mentions } from "../../src/views/pages/Mentions.tsx";
import { FilesTab } from "../../src/views/room/FilesTab.tsx";
import { PinsTab } from "../../src/views/room/PinsTab.tsx";
import type { Event } from "../../src/wire/types.ts";
import { anApp, inApp } from "./app.tsx";

afterEach(cleanup);

function lobby(): Room {
  const room = fixture().rooms.get(1);
  if (room === undefined) throw new Error("the fixture has a lobby");
  return room;
}

function message(seq: number, text: string): Event {
  return { seq, at: 1_700_000_000_000, from: 2, nonce: `n${seq}`, kind: "message", text } as Event;
}

/** What comes together is gathered first. */
const SOON = { timeout: 5_000 };

const unreachable = () => Promise.reject(Refused.unreachable());

describe("the pins of a room", () => {
  it("show messages that are not on this device, and can be unpinned", async () => {
    const pins = () => Promise.resolve([message(4_000, "pinned long ago")]);
    const post = vi.fn();
    render(inApp(<PinsTab room={lobby()} />, {}, { http: { pins }, outbox: { post } }));
    expect(await screen.findByText("pinned long ago")).toBeTruthy();
    fireEvent.click(screen.getByText("Unpin"));
    expect(post).toHaveBeenCalledWith(1, { kind: "pin", target: 4_000, on: false });
  });

  it("are those on this device while the server is away, and say so", async () => {
    const room = lobby();
    const known = room.items.find((item) => item.kind === "line" && item.event.kind === "message");
    const pins = known?.kind === "line" ? [known.event.seq] : [];
    const verbs = { http: { pins: unreachable } };
    render(inApp(<PinsTab room={{ ...room, pins }} />, {}, verbs));
    expect((await screen.findByRole("status")).textContent).toContain("on this device");
    expect(screen.getByText("Unpin")).toBeTruthy();
  });

  it("are asked for again after an event that may have changed them", async () => {
    const pins = vi.fn(() => Promise.resolve([message(4_000, "pinned long ago")]));
    const verbs = { http: { pins } };
    const { rerender } = render(inApp(<PinsTab room={lobby()} />, {}, verbs));
    await screen.findByText("pinned long ago");
    pins.mockImplementation(() => Promise.resolve([]));
    rerender(inApp(<PinsTab room={{ ...lobby(), changedAt: 99 }} />, {}, verbs));
    expect(await screen.findByText(/Nothing is pinned yet/)).toBeTruthy();
  });
});

describe("the files of a room", () => {
  const carrying = (seq: number): Event =>
    ({
      ...message(seq, ""),
      files: [{ id: seq, name: `${seq}.txt`, mime: "text/plain", size: 4 }],
    }) as Event;
  const page = (from: number, count: number) =>
    Array.from({ length: count }, (_, i) => carrying(from - i));
  const nothingHere = (): Room => ({ ...lobby(), items: [] });

  it("come page by page, down to the first", async () => {
    const roomFiles = vi.fn((_: number, before: number | null) =>
      Promise.resolve(before === null ? page(4_000, 50) : page(before - 1, 1)),
    );
    render(inApp(<FilesTab room={nothingHere()} />, {}, { http: { roomFiles } }));
    fireEvent.click(await screen.findByText("Earlier files"));
    expect(await screen.findByText("3950.txt")).toBeTruthy();
    expect(screen.getByText("4000.txt")).toBeTruthy();
    expect(roomFiles).toHaveBeenLastCalledWith(1, 3_951, 50);
    expect(screen.queryByText("Earlier files")).toBeNull();
  });

  it("take in what comes later, and let go of what is deleted", async () => {
    const roomFiles = () => Promise.resolve(page(20, 2));
    const line = (event: Event) =>
      ({
        kind: "line",
        key: `${event.seq}`,
        event,
        state: "stored",
        why: null,
        changing: false,
      }) as const;
    const gone = { ...message(20, ""), deleted: true } as Event;
    const room = { ...lobby(), items: [line(gone), line(carrying(21))] };
    render(inApp(<FilesTab room={room} />, {}, { http: { roomFiles } }));
    expect(await screen.findByText("19.txt")).toBeTruthy();
    expect(screen.getByText("21.txt")).toBeTruthy();
    expect(screen.queryByText("20.txt")).toBeNull();
  });

  it("grow by what is said anywhere in the room, in a thread too, and keep the pages below", async () => {
    const roomFiles = vi.fn((_: number, before: number | null) =>
      Promise.resolve(before === null ? page(4_000, 50) : page(before - 1, 1)),
    );
    const app = anApp({}, { http: { roomFiles } });
    const room = nothingHere();
    const { rerender } = render(app.around(<FilesTab room={room} />));
    fireEvent.click(await screen.findByText("Earlier files"));
    await screen.findByText("3950.txt");
    roomFiles.mockImplementation(() => Promise.resolve(page(4_001, 50)));
    const summary = { ...room.summary, last_message: room.summary.last_message + 1 };
    rerender(app.around(<FilesTab room={{ ...room, summary }} />));
    expect(await screen.findByText("4001.txt", {}, SOON)).toBeTruthy();
    expect(screen.getAllByText("4000.txt"), "nothing twice").toHaveLength(1);
    expect(screen.getByText("3950.txt")).toBeTruthy();
  });

  it("are those on this device while the server is away, and say so", async () => {
    render(inApp(<FilesTab room={nothingHere()} />, {}, { http: { roomFiles: unreachable } }));
    expect((await screen.findByRole("status")).textContent).toContain("on this device");
  });
});

describe("the mentions", () => {
  it("come page by page, wherever they are", async () => {
    const mention = (seq: number) => ({ room: 1, event: message(seq, `you, ${seq}`) });
    const mentions = vi.fn((before: string | null) =>
      Promise.resolve(
        before === null ? { mentions: [mention(9)], next: "5.1.9" } : { mentions: [mention(8)] },
      ),
    );
    render(inApp(<Mentions />, {}, { http: { mentions } }));
    fireEvent.click(await screen.findByText("Earlier mentions"));
    expect(await screen.findByText("you, 8")).toBeTruthy();
    expect(screen.getByText("you, 9")).toBeTruthy();
    expect(mentions).toHaveBeenLastCalledWith("5.1.9");
    expect(screen.queryByText("Earlier mentions")).toBeNull();
  });

  it("grow when somebody names one", async () => {
    const mention = (seq: number) => ({ room: 1, event: message(seq, `you, ${seq}`) });
    const mentions = vi.fn(() => Promise.resolve({ mentions: [mention(8)] }));
    const app = anApp({}, { http: { mentions } });
    render(app.around(<Mentions />));
    await screen.findByText("you, 8");
    mentions.mockImplementation(() => Promise.resolve({ mentions: [mention(9), mention(8)] }));
    const room = lobby();
    const summary = { ...room.summary, mentions: room.summary.mentions + 1 };
    const rooms = new Map(fixture().rooms).set(1, { ...room, summary });
    act(() => app.store.set({ rooms }));
    expect(await screen.findByText("you, 9", {}, SOON)).toBeTruthy();
    expect(screen.getAllByText("you, 8"), "nothing twice").toHaveLength(1);
  });

  it("are those on this device while the server is away, and say so", async () => {
    const event = { ...message(7, "hear, hear"), mentions: [1] } as Event;
    const item = {
      kind: "line",
      key: "n7",
      event,
      state: "stored",
      why: null,
      changing: false,
    } as const;
    const rooms = new Map([[1, { ...lobby(), items: [item] }]]);
    render(inApp(<Mentions />, { rooms }, { http: { mentions: unreachable } }));
    expect((await screen.findByRole("status")).textContent).toContain("on this device");
    expect(screen.getByText("hear, hear")).toBeTruthy();
  });
});
