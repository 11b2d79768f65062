// The reads of one session that wait for the device, in fixed arrays indexed by the source's tokens; and the
// writes that do, which have tokens of the same kind. It belongs to the session's thread and its source, and
// outlives each client.

import { WaitingTokens } from "../base/waiting_tokens.ts";
import type { Source } from "./source.ts";

/** The parked reads of a source, for one session thread. Make one when the source is made. */
export class ParkedReads {
  readonly source: Source;

  // What the reply to a token needs. Cookies are opaque: two halves, never put together.
  readonly cookieHigh: Int32Array;
  readonly cookieLow: Int32Array;
  readonly flags: Uint16Array;
  readonly offsets: Float64Array;
  readonly lengths: Float64Array;
  /** 1 for a write: see `takeForWrite`. */
  readonly isWrite: Uint8Array;

  readonly #tokens: WaitingTokens;

  constructor(source: Source) {
    const count = source.maxParked;
    this.source = source;
    this.#tokens = new WaitingTokens(count);
    this.cookieHigh = new Int32Array(count);
    this.cookieLow = new Int32Array(count);
    this.flags = new Uint16Array(count);
    this.offsets = new Float64Array(count);
    this.lengths = new Float64Array(count);
    this.isWrite = new Uint8Array(count);
  }

  /** Reads that a client waits for; abandoned ones do not count. */
  get waiting(): number {
    return this.#tokens.waiting;
  }

  /** True when nothing more can be parked until a read ends. */
  get full(): boolean {
    return this.#tokens.full;
  }

  /** Parks a read for a client; not when `full`. `deadline` is in milliseconds, Infinity for never. */
  park(
    cookieHigh: number,
    cookieLow: number,
    flags: number,
    offset: number,
    length: number,
    deadline: number,
  ): void {
    const token = this.#tokens.take(deadline);
    this.#note(token, cookieHigh, cookieLow, flags, offset);
    this.lengths[token] = length;
    this.isWrite[token] = 0;
    this.source.park(token, offset, length);
  }

  /**
   * Takes a token for a write, which waits for as long as it likes; not when `full`. The source is not asked.
   * @returns the token; `giveBack` it when the write has ended at once.
   */
  takeForWrite(cookieHigh: number, cookieLow: number, flags: number, offset: number): number {
    const token = this.#tokens.take(Infinity);
    this.#note(token, cookieHigh, cookieLow, flags, offset);
    this.isWrite[token] = 1;
    return token;
  }

  #note(token: number, cookieHigh: number, cookieLow: number, flags: number, offset: number): void {
    this.cookieHigh[token] = cookieHigh;
    this.cookieLow[token] = cookieLow;
    this.flags[token] = flags;
    this.offsets[token] = offset;
  }

  /** The write has ended without having been under way. */
  giveBack(token: number): void {
    this.#tokens.release(token);
  }

  /**
   * The next ended read that a client waits for, or -1; abandoned ones are passed over. The token is free:
   * its fields and its data stay until the next `park`.
   */
  nextEnded(): number {
    let token = this.source.nextEnded();
    while (token >= 0 && !this.#tokens.release(token)) token = this.source.nextEnded();
    return token;
  }

  /** A read has been answered before it ended; the token stays taken until `nextEnded` meets it. */
  abandon(token: number): void {
    this.#tokens.abandon(token);
    this.source.abandon?.(token);
  }

  /** Any read that a client waits for, or -1. */
  anyWaiting(): number {
    return this.#tokens.any();
  }

  /** A read that a client waits for and whose deadline is not after `now`, or -1. */
  overdue(now: number): number {
    return this.#tokens.overdue(now);
  }

  /** When to ask for overdue reads: not after the earliest deadline; Infinity when nobody waits. */
  get nextDeadline(): number {
    return this.#tokens.nextDeadline;
  }
}
