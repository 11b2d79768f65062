// What a client is offered: one export, which may have nothing to serve at the moment.

import {
  NBD_FLAG_CAN_MULTI_CONN,
  NBD_FLAG_HAS_FLAGS,
  NBD_FLAG_READ_ONLY,
  NBD_FLAG_SEND_CACHE,
  NBD_FLAG_SEND_DF,
  NBD_FLAG_SEND_FAST_ZERO,
  NBD_FLAG_SEND_FLUSH,
  NBD_FLAG_SEND_FUA,
  NBD_FLAG_SEND_TRIM,
  NBD_FLAG_SEND_WRITE_ZEROES,
} from "./constants.ts";
import type { WriterAbilities } from "./writer.ts";

/** The only export. Any other name is unknown. */
export interface Export {
  /** As clients ask for it; "" is the default export. */
  readonly name: string;
  /** For a person: which device this is. */
  readonly description: string;
  /** Clients are not told that they may have several connections: each costs memory. Default false. */
  readonly isSingle?: boolean;
}

/** The properties of the export that a negotiation needs. */
export interface Offer {
  /** Bytes. */
  readonly size: number;
  /** Logical sector size of the device, bytes. */
  readonly sectorSize: number;
  /** Undefined: the export is read-only. */
  readonly writer?: WriterAbilities | undefined;
  /** True once the server is shutting down, or the medium has changed. */
  readonly ending: boolean;
}

/** Nothing to serve: every client is refused with this sentence, for example `no medium in "/dev/sr0"`. */
export interface Unavailable {
  readonly unavailable: string;
}

/** The export, or the reason why there is none. */
export type Target = Offer | Unavailable;

/**
 * Transmission flags of the export. SEND_FLUSH and SEND_FUA always, because clients send both to read-only
 * exports, where they succeed at once. CAN_MULTI_CONN because all sessions share one cache, and a FLUSH covers
 * what each of them has written.
 * @param structured whether the client has negotiated structured replies, which DF needs.
 * @param writer what takes writes; undefined: the export is read-only.
 * @param isSingle see `Export`.
 */
export function transmissionFlags(
  structured: boolean,
  writer?: WriterAbilities,
  isSingle = false,
): number {
  return NBD_FLAG_HAS_FLAGS | NBD_FLAG_SEND_FLUSH | NBD_FLAG_SEND_FUA | NBD_FLAG_SEND_CACHE |
    (structured ? NBD_FLAG_SEND_DF : 0) | (isSingle ? 0 : NBD_FLAG_CAN_MULTI_CONN) |
    (writer === undefined ? NBD_FLAG_READ_ONLY : writingFlags(writer));
}

function writingFlags({ canTrim, canZeroFast }: WriterAbilities): number {
  return NBD_FLAG_SEND_WRITE_ZEROES | (canTrim ? NBD_FLAG_SEND_TRIM : 0) |
    (canZeroFast ? NBD_FLAG_SEND_FAST_ZERO : 0);
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
