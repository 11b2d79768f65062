// What the NBD code needs of the thing it serves: cached bytes at once, everything else later, by slot.
// The cache's client implements it; tests implement it over a plain array. One session, one thread.

import type { PendingRequests } from "../base/pending_requests.ts";
import type { Writer } from "./writer.ts";

/** A run of bytes that share one state, filled in by `Source.describe`. */
export interface Extent {
  /** End of the run, bytes, exclusive. */
  end: number;
  /** The map's status number: only FINISHED has data. */
  status: number;
  /** True when the run is FINISHED and known to read as zeros. */
  zero: boolean;
}

/** A device behind the cache as one session sees it. Ranges are always inside [0, size). */
export interface Source {
  /** Bytes. Constant for the life of the session. */
  readonly size: number;
  /** Logical sector size of the device, bytes. */
  readonly sectorSize: number;
  /** True once the session must end (shutdown, or the medium has changed): answer ESHUTDOWN and close. */
  readonly ending: boolean;
  /** Takes writes; undefined: the export is read-only. Constant for the life of the session. */
  readonly writer?: Writer | undefined;
  /** The requests that wait for the device. The source releases their slots, in `nextEnded`. */
  readonly pending: PendingRequests;

  /**
   * Copies [offset, offset + length) to the session's output buffer at `at` when all of it is cached.
   * Never waits for the device.
   * @returns false when some of it is not cached (or cannot be had from the image any more).
   */
  readCached(at: number, offset: number, length: number): boolean;

  /** Whether `readCached` is likely to succeed. A source that cannot tell without reading leaves it out. */
  isCached?(offset: number, length: number): boolean;

  /**
   * The descriptor of a file that holds the range at its own offset, for `Peer.sendFile`, or -1 when some of
   * it is not cached. A source without such a file leaves it out.
   */
  fileOf?(offset: number, length: number): number;

  /** Tells the source what the client has just read, hit or miss, so that it can read ahead. */
  noteRead(offset: number, length: number): void;

  /**
   * Asks for the range of a slot that has been taken in `pending`. The slot is in use until the device is done with
   * it, also when the client has been answered meanwhile (timeout, interrupt).
   */
  park(slot: number): void;

  /**
   * The slot of the next parked request that has ended (well or badly) and that a client waits for, or -1. It is free
   * by then; its record and its data stay until it is taken again. Never blocks.
   */
  nextEnded(): number;

  /**
   * Copies what there is of an ended read, [offset, offset + length), to the output buffer at `at`.
   * Unreadable runs leave their bytes there undefined and are listed for `unreadableStart/End`.
   * Called before the slot is taken again, or never (the client has gone or has been answered).
   * @returns the number of unreadable runs, ascending, each of them within the range; 0 when every
   * byte is there.
   */
  collect(slot: number, at: number, offset: number, length: number): number;
  /** Start of the i-th unreadable run of the last `collect`, as a device offset in bytes. */
  unreadableStart(index: number): number;
  /** End of the i-th unreadable run of the last `collect`. */
  unreadableEnd(index: number): number;

  /** Asks the reader to cache a range; no reply depends on it (NBD_CMD_CACHE). Never blocks. */
  prefetch(offset: number, length: number): void;

  /** Describes the run that begins at `offset`; its end is at most `limit`. Never waits for the device. */
  describe(offset: number, limit: number, extent: Extent): void;
}
