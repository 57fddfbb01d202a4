/**
 * Files on their way: sent in pieces, and after a break from where the server has got to. What is over
 * the limit is refused before a byte is sent.
 */
import type { FileId, FileRef, Refusal } from "../wire/types.ts";
import type { MadeFile, UploadState } from "./answers.ts";
import type { Upload } from "./model.ts";
import { Refused } from "./refused.ts";

export interface UploadsWorld {
  readonly create: (name: string, size: number) => Promise<MadeFile>;
  readonly offset: (id: FileId) => Promise<UploadState>;
  readonly chunk: (id: FileId, offset: number, bytes: Blob) => Promise<UploadState>;
  readonly drop: (id: FileId) => Promise<void>;
  readonly bytesMax: () => number;
  readonly later: (run: () => void, ms: number) => void;
  /** A file is complete; `draft` is the composer it belongs to. */
  readonly done: (draft: string, file: FileRef) => void;
  /** A file is taken out of its composer. */
  readonly removed: (draft: string, file: FileRef) => void;
  readonly changed: () => void;
}

/** Most uploads at once; more only make each slower. */
const RUNNING_MAX = 2;
/** A piece: small enough that a bad line makes progress, large enough not to wait on answers. */
const CHUNK_BYTES = 1024 * 1024;
const AGAIN_MS = 2_000;
const AGAIN_MS_MAX = 30_000;

interface Running {
  readonly file: File;
  id: FileId | null;
  chunkBytes: number;
  failures: number;
  stopped: boolean;
  /** Not before a while has passed, unless the server is back earlier. */
  resting: boolean;
}

export class Uploads {
  readonly #world: UploadsWorld;
  #all: ReadonlyMap<string, Upload> = new Map();
  readonly #running = new Map<string, Running>();
  #count = 0;

  constructor(world: UploadsWorld) {
    this.#world = world;
  }

  get all(): ReadonlyMap<string, Upload> {
    return this.#all;
  }

  add(draft: string, file: File): string {
    const key = `u${++this.#count}`;
    const { name, size } = file;
    const upload: Upload = {
      key,
      draft,
      name,
      size,
      sent: 0,
      state: "waiting",
      file: null,
      id: null,
      why: null,
    };
    this.#put(upload);
    this.#running.set(key, {
      file,
      id: null,
      chunkBytes: CHUNK_BYTES,
      failures: 0,
      stopped: false,
      resting: false,
    });
    if (size > this.#world.bytesMax()) {
      this.#fail(key, { code: "too_long", message: `${this.#world.bytesMax()}`, then: "give_up" });
    } else {
      this.#next();
    }
    return key;
  }

  retry(key: string): void {
    const upload = this.#all.get(key);
    if (upload?.state !== "failed") return;
    this.#put({ ...upload, state: "waiting", why: null });
    this.#next();
  }

  remove(key: string): void {
    const upload = this.#all.get(key);
    const running = this.#running.get(key);
    if (running !== undefined) running.stopped = true;
    this.#running.delete(key);
    const all = new Map(this.#all);
    all.delete(key);
    this.#all = all;
    if (upload?.file != null) this.#world.removed(upload.draft, upload.file);
    if (upload?.id != null) this.#world.drop(upload.id).catch(() => {});
    this.#world.changed();
    this.#next();
  }

  /** A composer has been sent or emptied: its finished uploads are shown no more. */
  settled(draft: string): void {
    this.#all = new Map(
      [...this.#all].filter(([, upload]) => upload.draft !== draft || upload.state !== "done"),
    );
    this.#world.changed();
  }

  /** The server is back: what waits for it goes on at once. */
  live(): void {
    for (const running of this.#running.values()) running.resting = false;
    this.#next();
  }

  #next(): void {
    let sending = [...this.#all.values()].filter((upload) => upload.state === "sending").length;
    for (const upload of this.#all.values()) {
      if (sending >= RUNNING_MAX) return;
      if (upload.state !== "waiting" || this.#running.get(upload.key)?.resting !== false) continue;
      sending++;
      this.#put({ ...upload, state: "sending" });
      void this.#run(upload.key);
    }
  }

  async #run(key: string): Promise<void> {
    const running = this.#running.get(key);
    if (running === undefined) return;
    try {
      const file = await this.#send(key, running);
      if (file === null) return;
      const upload = this.#all.get(key);
      if (upload === undefined) return;
      this.#put({ ...upload, state: "done", sent: upload.size, file });
      this.#running.delete(key);
      this.#world.done(upload.draft, file);
    } catch (thrown) {
      const { refusal } = Refused.from(thrown);
      if (refusal.then === "give_up") this.#fail(key, refusal);
      else this.#again(key, running, refusal);
    }
    this.#next();
  }

  /** Sends what is missing, piece by piece. Null: it was stopped. */
  async #send(key: string, running: Running): Promise<FileRef | null> {
    const { file } = running;
    let offset = 0;
    if (running.id === null) {
      const made = await this.#world.create(file.name, file.size);
      running.id = made.id;
      running.chunkBytes = Math.min(CHUNK_BYTES, made.chunk_bytes_max);
      this.#change(key, { id: made.id });
    } else {
      const state = await this.#world.offset(running.id);
      if (state.file !== undefined) return state.file;
      offset = state.offset;
    }
    while (!running.stopped) {
      const piece = file.slice(offset, offset + running.chunkBytes);
      const state = await this.#world.chunk(running.id, offset, piece);
      running.failures = 0;
      if (state.file !== undefined) return state.file;
      offset = state.offset;
      this.#change(key, { sent: offset });
    }
    return null;
  }

  #again(key: string, running: Running, refusal: Refusal): void {
    running.failures++;
    const upload = this.#all.get(key);
    if (upload === undefined) return;
    const wait = Math.min(AGAIN_MS_MAX, AGAIN_MS * running.failures);
    running.resting = true;
    this.#put({ ...upload, state: "waiting" });
    const go = () => {
      running.resting = false;
      this.#next();
    };
    this.#world.later(go, Math.max(wait, refusal.after_ms ?? 0));
  }

  #fail(key: string, why: Refusal): void {
    this.#change(key, { state: "failed", why });
  }

  #change(key: string, change: Partial<Upload>): void {
    const upload = this.#all.get(key);
    if (upload !== undefined) this.#put({ ...upload, ...change });
  }

  #put(upload: Upload): void {
    this.#all = new Map(this.#all).set(upload.key, upload);
    this.#world.changed();
  }
}
