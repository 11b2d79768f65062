// What the FUSE code needs of the thing it shows: cached bytes at once, everything else later, by slot.
// The cache's client implements it; tests implement it over a plain array. One session, one thread.

import type { PendingRequests } from "../base/pending_requests.ts";

/** A device behind the cache as one session sees it. Ranges are always inside [0, size). */
export interface Source {
  /** Bytes. Constant for the life of the session. */
  readonly size: number;
  /** True once the session must end (shutdown, or the medium has changed). */
  readonly ending: boolean;
  /** The requests that wait for the device. The source releases their slots, in `nextEnded`. */
  readonly pending: PendingRequests;

  /**
   * Copies [offset, offset + length) to the session's output buffer at `at` when all of it is cached.
   * Never waits for the device.
   * @returns false when some of it is not cached (or cannot be had from the image any more).
   */
  readCached(at: number, offset: number, length: number): boolean;

  /** Reports a read, hit or miss, so that the source can read ahead. */
  noteRead(offset: number, length: number): void;

  /**
   * Asks for the range of a slot that has been taken in `pending`. The slot is in use until the device is done with
   * it, also when the client has been answered meanwhile (timeout, interrupt).
   */
  park(slot: number): void;

  /**
   * The slot of the next parked request that has ended (well or badly) and that a program waits for, or -1. It is free
   * by then; its record and its data stay until it is taken again. Never blocks.
   */
  nextEnded(): number;

  /**
   * Copies what there is of an ended read, [offset, offset + length), to the output buffer at `at`.
   * @returns the number of unreadable runs in it; 0 when every byte is there.
   */
  collect(slot: number, at: number, offset: number, length: number): number;
}
