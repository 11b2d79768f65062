// The reads of one session that wait for the device, in fixed arrays indexed by the source's tokens; and the
// writes that do, which have tokens of the same kind.
//
// A read under way cannot be called back: when its client has been answered (timeout) or has gone, its
// token stays taken until the source reports the end. So this belongs to the session's thread and its
// source, and outlives each client.

import { assert } from "../base/assert.ts";
import type { Source } from "./source.ts";

const FREE = 0;
const WAITING = 1;
const ABANDONED = 2;

/** The parked reads of a source, for one session thread. Make one when the source is made. */
export class ParkedReads {
  readonly source: Source;
  /** Reads that a client waits for; abandoned ones do not count. */
  waiting = 0;

  // What the reply to a token needs. Cookies are opaque: two halves, never put together.
  readonly cookieHigh: Int32Array;
  readonly cookieLow: Int32Array;
  readonly flags: Uint16Array;
  readonly offsets: Float64Array;
  readonly lengths: Float64Array;
  /** 1 for a write: see `takeForWrite`. */
  readonly isWrite: Uint8Array;

  readonly #states: Uint8Array;
  readonly #deadlines: Float64Array;
  readonly #freeTokens: Uint16Array;
  #freeCount: number;
  /** No read that a client waits for has an earlier deadline. Spares looking at all of them. */
  #noneBefore = Infinity;

  constructor(source: Source) {
    const count = source.maxParked;
    assert(count >= 1 && count <= 65536, "a source parks between 1 and 65536 reads");
    this.source = source;
    this.cookieHigh = new Int32Array(count);
    this.cookieLow = new Int32Array(count);
    this.flags = new Uint16Array(count);
    this.offsets = new Float64Array(count);
    this.lengths = new Float64Array(count);
    this.isWrite = new Uint8Array(count);
    this.#states = new Uint8Array(count);
    this.#deadlines = new Float64Array(count);
    this.#freeTokens = Uint16Array.from({ length: count }, (_, index) => count - 1 - index);
    this.#freeCount = count;
  }

  /** True when nothing more can be parked until a read ends. */
  get full(): boolean {
    return this.#freeCount === 0;
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
    assert(this.#freeCount > 0, "parked more reads than the source has tokens");
    const token = this.#freeTokens[--this.#freeCount]!;
    this.cookieHigh[token] = cookieHigh;
    this.cookieLow[token] = cookieLow;
    this.flags[token] = flags;
    this.offsets[token] = offset;
    this.lengths[token] = length;
    this.isWrite[token] = 0;
    this.#deadlines[token] = deadline;
    this.#noneBefore = this.waiting === 0 ? deadline : Math.min(this.#noneBefore, deadline);
    this.#states[token] = WAITING;
    this.waiting++;
    this.source.park(token, offset, length);
  }

  /**
   * Takes a token for a write, which waits for as long as it likes; not when `full`. The source is not asked.
   * @returns the token; `giveBack` it when the write has ended at once.
   */
  takeForWrite(cookieHigh: number, cookieLow: number, flags: number, offset: number): number {
    assert(this.#freeCount > 0, "more writes than the source has tokens");
    const token = this.#freeTokens[--this.#freeCount]!;
    this.cookieHigh[token] = cookieHigh;
    this.cookieLow[token] = cookieLow;
    this.flags[token] = flags;
    this.offsets[token] = offset;
    this.isWrite[token] = 1;
    this.#deadlines[token] = Infinity;
    if (this.waiting === 0) this.#noneBefore = Infinity;
    this.#states[token] = WAITING;
    this.waiting++;
    return token;
  }

  /** The write has ended without having been under way. */
  giveBack(token: number): void {
    this.#states[token] = FREE;
    this.#freeTokens[this.#freeCount++] = token;
    this.waiting--;
  }

  /**
   * The next ended read that a client waits for, or -1; abandoned ones are passed over. The token is free:
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
    this.waiting--;
    this.#states[token] = ABANDONED;
    this.source.abandon?.(token);
  }

  /** Any read that a client waits for, or -1. */
  anyWaiting(): number {
    return this.waiting === 0 ? -1 : this.#states.indexOf(WAITING);
  }

  /** A read that a client waits for and whose deadline is not after `now`, or -1. */
  overdue(now: number): number {
    if (now < this.#noneBefore) return -1;
    let earliest = Infinity;
    for (let token = 0; token < this.#states.length; token++) {
      if (this.#states[token] !== WAITING) continue;
      if (this.#deadlines[token]! <= now) return token;
      earliest = Math.min(earliest, this.#deadlines[token]!);
    }
    this.#noneBefore = earliest;
    return -1;
  }

  /** When to ask for overdue reads: not after the earliest deadline; Infinity when nobody waits. */
  get nextDeadline(): number {
    return this.waiting === 0 ? Infinity : this.#noneBefore;
  }
}
