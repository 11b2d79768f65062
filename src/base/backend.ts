// What a protocol needs of the device that it serves: cached bytes at once, everything else later, by slot. NBD and FUSE
// are written against this interface. A session's cache implements it, and tests do over a plain array.

import type { PendingRequests } from "./pending_requests.ts";

/**
 * A device behind its cache as one session sees it. It belongs to the session's thread. Offsets and lengths are bytes,
 * and ranges are always inside [0, size).
 */
export interface Backend {
  /** Bytes. Constant for the life of the session. */
  readonly size: number;
  /** True once the session must end, for a shutdown or because the medium has changed. */
  readonly ending: boolean;
  /** The requests that wait for the device. `nextEnded` releases their slots. */
  readonly pending: PendingRequests;

  /**
   * Copies [offset, offset + length) to the session's output buffer at `at` when all of it is cached.
   * Never waits for the device.
   * @returns false when some of it is not cached, or the image cannot give it any more.
   */
  readCached(at: number, offset: number, length: number): boolean;

  /** Reports a read, hit or miss, so that the backend can read ahead. */
  noteRead(offset: number, length: number): void;

  /**
   * Asks the device for the range of a slot that has been taken in `pending`. The slot stays taken until the device is
   * done with it, also when the client has been answered meanwhile (timeout, interrupt).
   */
  park(slot: number): void;

  /**
   * Finds the next parked request that has ended, well or badly, and that a client waits for. Its slot is free then;
   * range and data stay until the slot is taken again. Never blocks.
   * @returns the slot, or -1.
   */
  nextEnded(): number;

  /**
   * Copies what there is of an ended read, [offset, offset + length), to the output buffer at `at`. Unreadable extents
   * leave their bytes there undefined. May be called until the slot is taken again.
   * @returns the number of unreadable extents; 0 when every byte is there.
   */
  collect(slot: number, at: number, offset: number, length: number): number;
}
