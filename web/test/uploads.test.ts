/** Files go up in pieces and go on where they stopped. */
import { beforeEach, expect, test } from "vitest";
import { Refused } from "../src/sync/refused.ts";
import { Uploads } from "../src/sync/uploads.ts";
import type { FileRef } from "../src/wire/types.ts";
import { settle, Time } from "./time.ts";

const MIB = 1024 * 1024;

let time: Time;
let uploads: Uploads;
let done: FileRef[];
/** What the server has. */
let held: number;
let offsets: number[];
/** The piece at which the line breaks, once. */
let breaksAt: number | null;

beforeEach(() => {
  time = new Time();
  done = [];
  held = 0;
  offsets = [];
  breaksAt = null;
  const size = 3 * MIB;
  const file: FileRef = { id: 7, name: "a.bin", mime: "application/octet-stream", size };
  const state = () => (held === size ? { offset: held, size, file } : { offset: held, size });
  uploads = new Uploads({
    create: async (name) => ({ id: 7, name, offset: 0, chunk_bytes_max: 8 * MIB }),
    offset: async () => state(),
    chunk: async (_, offset, bytes) => {
      offsets.push(offset);
      if (offset !== held) throw new Refused({ code: "conflict", message: "", then: "give_up" });
      if (breaksAt === offset) {
        // Half of the piece arrived.
        held += bytes.size / 2;
        breaksAt = null;
        throw Refused.unreachable();
      }
      held += bytes.size;
      return state();
    },
    drop: async () => {},
    bytesMax: () => 10 * MIB,
    later: (run, ms) => void time.timer(run, ms),
    done: (_, file) => done.push(file),
    removed: () => {},
    changed: () => {},
  });
});

function file(bytes: number): File {
  return new File([new Uint8Array(bytes)], "a.bin");
}

test("a file goes up piece by piece", async () => {
  const key = uploads.add("1", file(3 * MIB));
  await settle();
  expect(offsets).toEqual([0, MIB, 2 * MIB]);
  expect(done).toMatchObject([{ id: 7 }]);
  expect(uploads.all.get(key)).toMatchObject({ state: "done", sent: 3 * MIB });
});

test("after a break it goes on from where the server has got to", async () => {
  breaksAt = MIB;
  uploads.add("1", file(3 * MIB));
  await settle();
  expect(done).toEqual([]);
  await time.pass(5_000);
  expect(offsets).toEqual([0, MIB, 1.5 * MIB, 2.5 * MIB]);
  expect(done).toHaveLength(1);
});

test("it goes on at once when the server is back", async () => {
  breaksAt = MIB;
  uploads.add("1", file(3 * MIB));
  await settle();
  uploads.live();
  await settle();
  expect(done).toHaveLength(1);
});

test("a file over the limit is refused before a byte is sent", async () => {
  const key = uploads.add("1", file(11 * MIB));
  await settle();
  expect(offsets).toEqual([]);
  expect(uploads.all.get(key)).toMatchObject({ state: "failed", why: { code: "too_long" } });
});

test("an upload that was removed sends nothing more", async () => {
  breaksAt = MIB;
  const key = uploads.add("1", file(3 * MIB));
  await settle();
  uploads.remove(key);
  await time.pass(5_000);
  expect(offsets).toEqual([0, MIB]);
  expect(uploads.all.size).toBe(0);
});
