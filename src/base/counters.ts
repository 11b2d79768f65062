// How a session counts what it has served, for NBD and FUSE alike.

/** Receives counts with each send of replies, never more often. Implementations must not block. */
export interface Counters {
  /** @param requests answered since the last call. @param bytes about to be sent, headers included. */
  add(requests: number, bytes: number): void;
}
