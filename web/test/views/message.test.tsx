// @vitest-environment jsdom
/** What a message shows of itself, and what it offers. */
import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Line } from "../../src/sync/model.ts";
import { MessageRow } from "../../src/views/timeline/MessageRow.tsx";
import type { Event, Message } from "../../src/wire/types.ts";
import { inApp } from "./app.tsx";

afterEach(cleanup);

function line(more: Partial<Message> = {}, state: Line["state"] = "stored"): Line {
  const seq = state === "stored" ? 5 : 0;
  const event = {
    seq,
    at: 1_700_000_000_000,
    from: 2,
    nonce: "n5",
    kind: "message",
    text: "hello",
    ...more,
  } as Event;
  const why =
    state === "failed"
      ? ({ code: "muted", message: "a moderator has muted you", then: "give_up" } as const)
      : null;
  return { kind: "line", key: "n5", event, state, why, changing: false };
}

function show(of: Line, verbs: Parameters<typeof inApp>[2] = {}) {
  return render(inApp(<MessageRow line={of} head room={1} thread={null} />, {}, verbs));
}

describe("a message", () => {
  it("says who wrote it, and links to itself", () => {
    show(line());
    expect(screen.getByText("A Member")).toBeTruthy();
    expect(screen.getByRole("link").getAttribute("href")).toBe("/r/1/5");
  });

  it("says that it is being sent, and has no address yet", () => {
    show(line({}, "sending"));
    expect(screen.getByText("Sending…")).toBeTruthy();
    expect(screen.queryByRole("link")).toBeNull();
  });

  it("that was refused says why, and can be sent again or discarded", () => {
    const retry = vi.fn();
    const discard = vi.fn();
    show(line({}, "failed"), { outbox: { retry, discard } });
    expect(screen.getByRole("alert").textContent).toContain("Not sent: a moderator has muted you");
    fireEvent.click(screen.getByText("Try again"));
    fireEvent.click(screen.getByText("Discard"));
    expect(retry).toHaveBeenCalledWith("n5");
    expect(discard).toHaveBeenCalledWith("n5");
  });

  it("that was deleted shows nothing of what it was", () => {
    show(line({ text: "", deleted: true, reactions: [{ emoji: "🎉", by: [1] }] }));
    expect(screen.getByText("This message was deleted.")).toBeTruthy();
    expect(screen.queryByText("🎉")).toBeNull();
  });

  it("names those who reacted, and tells whether one is among them", () => {
    show(line({ reactions: [{ emoji: "🎉", by: [1, 2] }] }));
    const chip = screen.getByRole("button", { pressed: true });
    expect(chip.textContent).toContain("🎉: you and A Member");
  });

  it("shows the thread below it", () => {
    show(line({ replies: { count: 3, last: 9, last_at: 1_700_000_100_000 } }));
    expect(screen.getByText("3 replies")).toBeTruthy();
  });

  it("of an integration carries the name that it gave itself", () => {
    show(line({ name: "<b>CI</b>" }));
    expect(screen.getByText("<b>CI</b>")).toBeTruthy();
  });
});
