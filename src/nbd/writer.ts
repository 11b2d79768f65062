// What the NBD code needs of a backend that takes writes. The cache implements it twice, over an overlay and
// over the device; tests implement it over an array. One session, one thread.
//
// The requests return 0 when they are done, an error number when they failed, or PENDING: then `slot` is
// reported by `NbdBackend.nextEnded` later, and `outcome` says how it went. What a request has done is seen by
// every read that is sent after its reply, on any connection; FLUSH on one connection covers all of them.

/** The answer comes later. */
export const PENDING = -1;

/** What a writer can do; the negotiation tells clients. */
export interface WriterAbilities {
  /** NBD_CMD_TRIM is of use. */
  readonly canTrim: boolean;
  /** WRITE_ZEROES can tell beforehand whether it will be faster than writing. */
  readonly canZeroFast: boolean;
}

/** The writing side of a backend. Ranges are always inside [0, size) and not empty. Error numbers are Linux's. */
export interface Writer extends WriterAbilities {
  /**
   * Memory for the payload of one write of `length` bytes, at most 32 MiB; a later call may give the same.
   * @returns undefined when too much is under way: something of this session ends first.
   */
  reserve(length: number): Uint8Array | undefined;
  /** Writes the payload that stands in the memory of the last `reserve`. @param durable as with FUA. */
  write(slot: number, offset: number, length: number, durable: boolean): number;
  /**
   * Makes the range read as zeros.
   * @param mayLeaveHoles false: room for the bytes is kept.
   * @param fast fail with ENOTSUP when this would take as long as writing; only with `canZeroFast`.
   */
  zero(
    slot: number,
    offset: number,
    length: number,
    durable: boolean,
    mayLeaveHoles: boolean,
    fast: boolean,
  ): number;
  /** Discards the bytes; only with `canTrim`. */
  trim(slot: number, offset: number, length: number, durable: boolean): number;
  /** Makes earlier writes durable, on all connections. */
  flush(slot: number): number;

  /** How a request that was PENDING ended: 0 or an error number. Once, after `nextEnded` has returned it. */
  outcome(slot: number): number;
}
