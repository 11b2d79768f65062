// The reads of one session that wait for the device, in fixed arrays indexed by the source's tokens.

import { WaitingTokens } from "../base/waiting_tokens.ts";
import type { Source } from "./source.ts";

/** The parked reads of a source, for one session thread. */
export class ParkedReads {
  readonly source: Source;

  // What the reply to a token needs: the request's number in two halves, and where it goes.
  readonly uniqueHigh: Int32Array;
  readonly uniqueLow: Int32Array;
  readonly lanes: Uint8Array;
  readonly offsets: Float64Array;
  readonly lengths: Float64Array;

  readonly #tokens: WaitingTokens;

  constructor(source: Source) {
    const count = source.maxParked;
    this.source = source;
    this.#tokens = new WaitingTokens(count);
    this.uniqueHigh = new Int32Array(count);
    this.uniqueLow = new Int32Array(count);
    this.lanes = new Uint8Array(count);
    this.offsets = new Float64Array(count);
    this.lengths = new Float64Array(count);
  }

  /** Reads that somebody waits for; abandoned ones do not count. */
  get waiting(): number {
    return this.#tokens.waiting;
  }

  /** True when nothing more can be parked until a read ends. */
  get full(): boolean {
    return this.#tokens.full;
  }

  /** Parks a read; not when `full`. `deadline` is in milliseconds, Infinity for never. */
  park(
    uniqueHigh: number,
    uniqueLow: number,
    lane: number,
    offset: number,
    length: number,
    deadline: number,
  ): void {
    const token = this.#tokens.take(deadline);
    this.uniqueHigh[token] = uniqueHigh;
    this.uniqueLow[token] = uniqueLow;
    this.lanes[token] = lane;
    this.offsets[token] = offset;
    this.lengths[token] = length;
    this.source.park(token, offset, length);
  }

  /**
   * The next ended read that somebody waits for, or -1; abandoned ones are passed over. The token is free:
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
    this.source.abandon(token);
  }

  /** The read with this number that somebody waits for, or -1. */
  find(uniqueHigh: number, uniqueLow: number): number {
    if (this.waiting === 0) return -1;
    for (let token = 0; token < this.lanes.length; token++) {
      if (
        this.#tokens.isWaiting(token) && this.uniqueLow[token] === uniqueLow &&
        this.uniqueHigh[token] === uniqueHigh
      ) return token;
    }
    return -1;
  }

  /** A read that somebody waits for and whose deadline is not after `now`, or -1. */
  overdue(now: number): number {
    return this.#tokens.overdue(now);
  }

  /** When to ask for overdue reads: not after the earliest deadline; Infinity when nobody waits. */
  get nextDeadline(): number {
    return this.#tokens.nextDeadline;
  }
}
