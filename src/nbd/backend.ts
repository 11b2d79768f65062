// What NBD needs of the device that it serves, beyond what every protocol needs: descriptions of ranges, hints, writes.

import type { Backend } from "../base/backend.ts";
import type { Writer } from "./writer.ts";

/** Neighbouring bytes that share one state. `NbdBackend.describe` fills it in. */
export interface DescribedExtent {
  /** End of the extent, bytes, exclusive. */
  end: number;
  /** The map's status number: only FINISHED has data. */
  status: number;
  /** True when the extent is FINISHED and known to read as zeros. */
  zero: boolean;
}

/** A device behind its cache as one session sees it, with what NBD clients can ask for. */
export interface NbdBackend extends Backend {
  /** Logical sector size of the device, bytes. */
  readonly sectorSize: number;
  /** Takes writes; undefined: the export is read-only. Constant for the life of the session. */
  readonly writer?: Writer | undefined;

  /** Whether `readCached` is likely to succeed. A backend that cannot tell without reading leaves it out. */
  isCached?(offset: number, length: number): boolean;

  /**
   * The descriptor of a file that holds the range at its own offset, for `Peer.sendFile`, or -1 when some of
   * it is not cached. A backend without such a file leaves it out.
   */
  fileOf?(offset: number, length: number): number;

  /** Start of the i-th unreadable extent of the last `collect`, a device offset in bytes. They ascend. */
  unreadableStart(index: number): number;
  /** End of the i-th unreadable extent of the last `collect`. */
  unreadableEnd(index: number): number;

  /** Asks the reader to cache a range; no reply depends on it (NBD_CMD_CACHE). Never blocks. */
  prefetch(offset: number, length: number): void;

  /** Describes the extent that begins at `offset`; its end is at most `limit`. Never waits for the device. */
  describe(offset: number, limit: number, extent: DescribedExtent): void;
}
