// How a session tells what it has served.

/** Receives counts with each reply; must not block. */
export interface Counters {
  /** @param requests answered since the last call. @param bytes about to be sent, headers included. */
  add(requests: number, bytes: number): void;
}
