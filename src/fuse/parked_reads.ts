// The reads of one session that wait for the device, in fixed arrays indexed by the source's tokens.
//
// A read under way cannot be called back: when its reader has been answered (timeout, interrupt), its token
// stays taken until the source reports the end.

import { assert } from "../base/assert.ts";
import type { Source } from "./source.ts";

const FREE = 0;
const WAITING = 1;
const ABANDONED = 2;

/** The parked reads of a source, for one session thread. */
export class ParkedReads {
  readonly source: Source;
  /** Reads that somebody waits for; abandoned ones do not count. */
  waiting = 0;

  // What the reply to a token needs: the request's number in two halves, and where it goes.
  readonly uniqueHigh: Int32Array;
  readonly uniqueLow: Int32Array;
  readonly lanes: Uint8Array;
  readonly offsets: Float64Array;
  readonly lengths: Float64Array;

  readonly #states: Uint8Array;
  readonly #deadlines: Float64Array;
  readonly #freeTokens: Uint16Array;
  #freeCount: number;

  constructor(source: Source) {
    const count = source.maxParked;
    assert(count >= 1 && count <= 65536, "a source parks between 1 and 65536 reads");
    this.source = source;
    this.uniqueHigh = new Int32Array(count);
    this.uniqueLow = new Int32Array(count);
    this.lanes = new Uint8Array(count);
    this.offsets = new Float64Array(count);
    this.lengths = new Float64Array(count);
    this.#states = new Uint8Array(count);
    this.#deadlines = new Float64Array(count);
    this.#freeTokens = Uint16Array.from({ length: count }, (_, index) => count - 1 - index);
    this.#freeCount = count;
  }

  /** True when nothing more can be parked until a read ends. */
  get full(): boolean {
    return this.#freeCount === 0;
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
    assert(this.#freeCount > 0, "parked more reads than the source has tokens");
    const token = this.#freeTokens[--this.#freeCount]!;
    this.uniqueHigh[token] = uniqueHigh;
    this.uniqueLow[token] = uniqueLow;
    this.lanes[token] = lane;
    this.offsets[token] = offset;
    this.lengths[token] = length;
    this.#deadlines[token] = deadline;
    this.#states[token] = WAITING;
    this.waiting++;
    this.source.park(token, offset, length);
  }

  /**
   * The next ended read that somebody waits for, or -1; abandoned ones are passed over. The token is free:
   * its fields and its data stay until the next `park`.
   */
  nextEnded(): number {
    for (;;) {
      const token = this.source.nextEnded();
      if (token < 0) return -1;
      const state = this.#states[token];
      assert(state !== FREE, "a read ended that was not parked");
      this.#states[token] = FREE;
      this.#freeTokens[this.#freeCount++] = token;
      if (state === WAITING) {
        this.waiting--;
        return token;
      }
    }
  }

  /** A read has been answered before it ended; the token stays taken until `nextEnded` meets it. */
  abandon(token: number): void {
    assert(this.#states[token] === WAITING, "abandoned a read that nobody waits for");
    this.waiting--;
    this.#states[token] = ABANDONED;
    this.source.abandon(token);
  }

  /** The read with this number that somebody waits for, or -1. */
  find(uniqueHigh: number, uniqueLow: number): number {
    if (this.waiting === 0) return -1;
    for (let token = 0; token < this.#states.length; token++) {
      if (
        this.#states[token] === WAITING && this.uniqueLow[token] === uniqueLow &&
        this.uniqueHigh[token] === uniqueHigh
      ) return token;
    }
    return -1;
  }

  /** A read that somebody waits for and whose deadline is not after `now`, or -1. */
  overdue(now: number): number {
    for (let token = 0; token < this.#states.length; token++) {
      if (this.#states[token] === WAITING && this.#deadlines[token]! <= now) return token;
    }
    return -1;
  }

  /** The earliest deadline of the reads that somebody waits for; Infinity when there is none. */
  earliestDeadline(): number {
    let earliest = Infinity;
    for (let token = 0; token < this.#states.length; token++) {
      if (this.#states[token] === WAITING) earliest = Math.min(earliest, this.#deadlines[token]!);
    }
    return earliest;
  }
}
