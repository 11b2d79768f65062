// Content hashes. SHA-1 because fingerprints have always been that; nobody's safety rests on it.
import { createHash } from "node:crypto";

/** SHA-1 of all the bytes, 40 hex digits. */
export function sha1(bytes: Uint8Array | string): string {
  return createHash("sha1").update(bytes).digest("hex");
}
