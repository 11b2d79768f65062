// What the NBD code needs of one client's byte stream. The session worker gives it a socket; tests give
// it scripted bytes. All calls block the calling thread, which serves only this client.

/** `wait` result bit: the client's bytes (or its end) can be received without blocking. */
export const READABLE = 1;
/** `wait` result bit: a parked read may have ended; ask the backend. */
export const ENDED = 2;

/** `receive` result: the client has said nothing for a while. */
export const IDLE = -1;

/** The client has gone (reset, broken pipe) or must be dropped: nothing more can be said to it. */
export class PeerGone extends Error {
  override name = "PeerGone";
}

/** One client's byte stream with its two fixed buffers, owned by the session's thread. */
export interface Peer {
  /** Receive buffer of a fixed size; `receive` fills it. */
  readonly input: Uint8Array;
  /** Send buffer: the largest request's payload and its headers fit. */
  readonly output: Uint8Array;
  /**
   * Receives into `input[start..end)`. Blocks until there is at least one byte, or the client has been silent for
   * as long as this peer waits.
   * @returns bytes received; 0 when the client has closed its side; IDLE when nothing has come.
   * @throws {PeerGone} when the connection is broken.
   */
  receive(start: number, end: number): number;
  /**
   * Sends `output[start..end)` whole, blocking while the client is slow.
   * @param more the rest of the message follows at once.
   * @throws {PeerGone} when the connection is broken.
   */
  send(start: number, end: number, more?: boolean): void;
  /**
   * Makes room in `output` for so many bytes, more than LARGE_REPLY_BYTES, until the next send; may block for a
   * while. A peer whose memory has no end leaves it out.
   * @returns false when there is too little memory.
   */
  makeRoom?(bytes: number): boolean;
  /** Gives that memory back without a send; nothing in `output` is needed any more. */
  giveRoomBack?(): void;
  /**
   * Sends a part of a file whole, blocking while the client is slow. A peer that cannot leaves it out.
   * @throws {PeerGone} when the connection is broken, or the file has not got all of it.
   */
  sendFile?(fd: number, offset: number, length: number): void;
  /**
   * Blocks until the client can be received from, a parked read has ended, or the time is over.
   * @param timeoutMs milliseconds; 0 only looks, -1 waits for ever.
   * @param receiving false while the session takes no further requests: then only ENDED wakes it.
   * @returns bits of READABLE and ENDED; 0 when the time is over.
   */
  wait(timeoutMs: number, receiving: boolean): number;
}
