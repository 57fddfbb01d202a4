// @vitest-environment jsdom
/** Lists that come from the server, and what they show while it does not answer. */
import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, describe, expect, it, vi } from "vitest";
import { fixture } from "../../dev/fixture.ts";
import type { Room } from "../../src/sync/model.ts";
import { Refused } from "../../src/sync/refused.ts";
import { PinsTab } from "../../src/views/room/PinsTab.tsx";
import type { Event } from "../../src/wire/types.ts";
import { inApp } from "./app.tsx";

afterEach(cleanup);

function lobby(): Room {
  const room = fixture().rooms.get(1);
  if (room === undefined) throw new Error("the fixture has a lobby");
  return room;
}

function message(seq: number, text: string): Event {
  return { seq, at: 1_700_000_000_000, from: 2, nonce: `n${seq}`, kind: "message", text } as Event;
}

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
