// The fingerprint of a medium: what its image is named after. Pure.
import { sha1 } from "./sha1.ts";

/** The fingerprint covers this much of the start of a medium, bytes; less where the medium is smaller. */
export const FINGERPRINT_BYTES = 65_536;

/** The first 8 hex digits of the SHA-1 of `head`, the start of a medium. */
export function fingerprintOf(head: Uint8Array): string {
  return sha1(head).slice(0, 8);
}
