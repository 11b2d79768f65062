// What a client is offered: one export, which may have nothing to serve at the moment.

import {
  NBD_FLAG_CAN_MULTI_CONN,
  NBD_FLAG_HAS_FLAGS,
  NBD_FLAG_READ_ONLY,
  NBD_FLAG_SEND_CACHE,
  NBD_FLAG_SEND_DF,
  NBD_FLAG_SEND_FLUSH,
  NBD_FLAG_SEND_FUA,
} from "./constants.ts";
import type { ParkedReads } from "./parked_reads.ts";

/** The only export of a session. Any other name is unknown. */
export interface Export {
  /** As clients ask for it; "" is the default export. */
  readonly name: string;
  /** For a person: which device this is. */
  readonly description: string;
}

/** Nothing to serve: every client is refused with this sentence, for example `no medium in "/dev/sr0"`. */
export interface Unavailable {
  readonly unavailable: string;
}

/** What stands behind the export: a source with its parked reads, or the reason why there is none. */
export type Target = ParkedReads | Unavailable;

/**
 * Transmission flags of the export. Read-only: a source has no way to write yet. SEND_FLUSH and SEND_FUA
 * because clients send both to read-only exports, where they succeed at once. CAN_MULTI_CONN because all
 * sessions share one cache.
 * @param structured whether the client has negotiated structured replies, which DF needs.
 */
export function transmissionFlags(structured: boolean): number {
  return NBD_FLAG_HAS_FLAGS | NBD_FLAG_READ_ONLY | NBD_FLAG_SEND_FLUSH | NBD_FLAG_SEND_FUA |
    (structured ? NBD_FLAG_SEND_DF : 0) | NBD_FLAG_CAN_MULTI_CONN | NBD_FLAG_SEND_CACHE;
}

/**
 * Preferred block size: a page, or the sector where that is larger. The specification wants a power of
 * two, which the 2,352-byte sectors of an audio disc are not.
 */
export function preferredBlockSize(sectorSize: number): number {
  let size = 4096;
  while (size < sectorSize) size *= 2;
  return size;
}
