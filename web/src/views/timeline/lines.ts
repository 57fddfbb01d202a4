/** Looking lines up by their place, for quotes, jumps and focus. */
import type { Item, Line, Room } from "../../sync/model.ts";
import type { Seq } from "../../wire/types.ts";

const indexes = new WeakMap<readonly Item[], ReadonlyMap<Seq, Line>>();

/** The line at a place in a room; null when it is not on this device. */
export function lineAt(room: Room | undefined, seq: Seq | null | undefined): Line | null {
  if (room === undefined || seq === undefined || seq === null) return null;
  let index = indexes.get(room.items);
  if (index === undefined) {
    index = new Map(
      room.items.flatMap((item) =>
        item.kind === "line" && item.event.seq > 0 ? [[item.event.seq, item]] : [],
      ),
    );
    indexes.set(room.items, index);
  }
  return index.get(seq) ?? null;
}
