// What the FUSE code needs of the thing it shows: cached bytes at once, everything else later by token.
// The cache's client implements it; tests implement it over a plain array. One session, one thread.

/** A device behind the cache as one session sees it. Ranges are always inside [0, size). */
export interface Source {
  /** Bytes. Constant for the life of the session. */
  readonly size: number;
  /** True once the session must end (shutdown, or the medium has changed). */
  readonly ending: boolean;
  /** Most reads that may be parked at a time; tokens are 0 .. maxParked - 1. */
  readonly maxParked: number;

  /**
   * Copies [offset, offset + length) to the session's output buffer at `at` when all of it is cached.
   * Never waits for the device.
   * @returns false when some of it is not cached (or cannot be had from the image any more).
   */
  readCached(at: number, offset: number, length: number): boolean;

  /** Tells the source what has just been read, hit or miss, so that it can read ahead. */
  noteRead(offset: number, length: number): void;

  /**
   * Asks for a range that is not cached. `token` must be free; it is in use until `nextEnded` has
   * returned it, also when the reader has been answered meanwhile (timeout, interrupt).
   */
  park(token: number, offset: number, length: number): void;

  /** The next parked read that has ended (well or badly), or -1. Never blocks. */
  nextEnded(): number;

  /**
   * Copies what there is of an ended read, [offset, offset + length), to the output buffer at `at`.
   * @returns the number of unreadable runs in it; 0 when every byte is there.
   */
  collect(token: number, at: number, offset: number, length: number): number;

  /**
   * Nobody waits for a parked read any more (timeout, interrupt): its bytes need not be kept for `collect`.
   * The token stays in use until `nextEnded` has returned it.
   */
  abandon(token: number): void;
}
