/** A request that was not done, as an exception: why, and what the caller can do. */
import type { Refusal } from "../wire/types.ts";

/** The server was not reached at all; there is no code for that in its table. */
export const UNREACHABLE = "unreachable";

export class Refused extends Error {
  readonly refusal: Refusal;
  /** No answer came: the request may or may not have been done. */
  readonly unreachable: boolean;

  constructor(refusal: Refusal, unreachable = false) {
    super(refusal.message);
    this.name = "Refused";
    this.refusal = refusal;
    this.unreachable = unreachable;
  }

  /** The refusal for an answer that never came. */
  static unreachable(): Refused {
    return new Refused(
      { code: "internal", message: UNREACHABLE, then: "retry", after_ms: 2000 },
      true,
    );
  }

  /** Whatever was thrown, as a refusal that can be shown. */
  static from(thrown: unknown): Refused {
    if (thrown instanceof Refused) return thrown;
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    return new Refused({ code: "internal", message, then: "give_up" });
  }
}
