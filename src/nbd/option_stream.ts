// Receives a client's side of the negotiation, within the limits of size and time.

import { IHAVEOPT_HIGH, IHAVEOPT_LOW } from "./constants.ts";
import type { Target } from "./export.ts";
import { MAX_OPTION_BYTES } from "./limits.ts";
import { ParkedReads } from "./parked_reads.ts";
import { ENDED, PeerGone, READABLE } from "./peer.ts";
import { ProtocolError } from "./protocol_error.ts";
import type { ReceivedBytes } from "./received_bytes.ts";

const OPTION_HEADER_BYTES = 16;

/** One option as it came. */
export interface ReceivedOption {
  /** NBD_OPT_*, known or not. */
  readonly option: number;
  /** Length of its payload. */
  readonly length: number;
  /** Valid until the next call; undefined when it is longer than MAX_OPTION_BYTES: it is still to come. */
  readonly payload: Uint8Array | undefined;
}

/**
 * All methods block until the bytes are there.
 * They throw ProtocolError when the time is over, and PeerGone when the client has closed or the server is
 * shutting down.
 */
export class OptionStream {
  readonly #received: ReceivedBytes;
  readonly #target: Target;
  readonly #now: () => number;
  readonly #deadline: number;

  constructor(received: ReceivedBytes, target: Target, timeoutMs: number, now: () => number) {
    this.#received = received;
    this.#target = target;
    this.#now = now;
    this.#deadline = now() + timeoutMs;
  }

  /** The client's answer to the greeting. */
  clientFlags(): number {
    this.#need(4);
    const flags = this.#received.view.getUint32(this.#received.start);
    this.#received.skip(4);
    return flags;
  }

  /** The next option. @throws {ProtocolError} when it is none. */
  next(): ReceivedOption {
    this.#need(OPTION_HEADER_BYTES);
    const { view, start, input } = this.#received;
    if (view.getUint32(start) !== IHAVEOPT_HIGH || view.getUint32(start + 4) !== IHAVEOPT_LOW) {
      throw new ProtocolError("an option begins with a wrong magic number");
    }
    const option = view.getUint32(start + 8);
    const length = view.getUint32(start + 12);
    this.#received.skip(OPTION_HEADER_BYTES);
    if (length > MAX_OPTION_BYTES) return { option, length, payload: undefined };
    this.#need(length);
    const at = this.#received.start;
    this.#received.skip(length);
    return { option, length, payload: input.subarray(at, at + length) };
  }

  /** Drops a payload that has not been received. */
  drop(length: number): void {
    for (let left = length; left > 0; left -= this.#received.skip(left)) this.#need(1);
  }

  /** Receives until `count` bytes wait. */
  #need(count: number): void {
    while (this.#received.length < count) {
      const left = this.#deadline - this.#now();
      if (left <= 0) throw new ProtocolError("the negotiation takes too long");
      const events = this.#received.peer.wait(Math.ceil(left), true);
      if ((events & ENDED) !== 0) this.#dropEnded();
      if ((events & READABLE) !== 0 && !this.#received.receive()) {
        throw new PeerGone("the client closed during the negotiation");
      }
    }
  }

  /** Reads of an earlier client may end now, and so may the source. */
  #dropEnded(): void {
    if (!(this.#target instanceof ParkedReads)) return;
    this.#target.nextEnded();
    if (this.#target.source.ending) throw new PeerGone("the server is shutting down");
  }
}
