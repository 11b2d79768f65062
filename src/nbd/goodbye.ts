// Recognises the disconnect of a silent client, which needs no session.

import { NBD_CMD_DISC, NBD_EXTENDED_REQUEST_MAGIC, NBD_REQUEST_MAGIC } from "./constants.ts";
import { EXTENDED, type ReplyMode } from "./reply_mode.ts";

/** Bytes of a request that `isGoodbye` looks at. */
export const GOODBYE_BYTES = 8;

/** @param bytes the received bytes, from the start of a request on. */
export function isGoodbye(bytes: Uint8Array, mode: ReplyMode): boolean {
  if (bytes.length < GOODBYE_BYTES) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const magic = mode === EXTENDED ? NBD_EXTENDED_REQUEST_MAGIC : NBD_REQUEST_MAGIC;
  return view.getUint32(0) === magic && view.getUint16(6) === NBD_CMD_DISC;
}
