/** Names for drafts: random enough never to meet another, so that the server can tell a repetition. */
import type { Nonce } from "../wire/types.ts";

/** 128 bits as 22 characters of base64url. */
export function newNonce(random: (bytes: Uint8Array<ArrayBuffer>) => void = fill): Nonce {
  const bytes = new Uint8Array(16);
  random(bytes);
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}

function fill(bytes: Uint8Array<ArrayBuffer>): void {
  crypto.getRandomValues(bytes);
}
