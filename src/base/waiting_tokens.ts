// The numbers of requests that have to wait, for one thread. A request under way cannot be called back: when
// whoever asked has been answered (timeout, interrupt) or has gone, its token stays taken until the source
// reports the end.

import { assert } from "./assert.ts";

const FREE = 0;
const WAITING = 1;
const ABANDONED = 2;

/** See the head of this file. Tokens are 0 .. count - 1. */
export class WaitingTokens {
  /** Those that somebody waits for; abandoned ones do not count. */
  waiting = 0;
  readonly #states: Uint8Array;
  readonly #deadlines: Float64Array;
  readonly #free: Uint16Array;
  #freeCount: number;
  /** None that somebody waits for has an earlier deadline. Spares looking at all of them. */
  #noneBefore = Infinity;

  constructor(count: number) {
    assert(count >= 1 && count <= 65536, "a source parks between 1 and 65536 reads");
    this.#states = new Uint8Array(count);
    this.#deadlines = new Float64Array(count);
    this.#free = Uint16Array.from({ length: count }, (_, index) => count - 1 - index);
    this.#freeCount = count;
  }

  /** True when no token is free. */
  get full(): boolean {
    return this.#freeCount === 0;
  }

  /** Takes one; not when `full`. `deadline` is in milliseconds, Infinity for never. */
  take(deadline: number): number {
    assert(this.#freeCount > 0, "more requests than the source has tokens");
    const token = this.#free[--this.#freeCount]!;
    this.#deadlines[token] = deadline;
    this.#noneBefore = this.waiting === 0 ? deadline : Math.min(this.#noneBefore, deadline);
    this.#states[token] = WAITING;
    this.waiting++;
    return token;
  }

  /** The request has ended, and its token is free. @returns whether somebody has waited for it until now. */
  release(token: number): boolean {
    const state = this.#states[token];
    assert(state !== FREE, "a request ended that was not under way");
    this.#states[token] = FREE;
    this.#free[this.#freeCount++] = token;
    if (state === WAITING) this.waiting--;
    return state === WAITING;
  }

  /** Nobody waits for it any more; it stays taken until `release`. */
  abandon(token: number): void {
    assert(this.#states[token] === WAITING, "abandoned a request that nobody waits for");
    this.waiting--;
    this.#states[token] = ABANDONED;
  }

  isWaiting(token: number): boolean {
    return this.#states[token] === WAITING;
  }

  /** Any that somebody waits for, or -1. */
  any(): number {
    return this.waiting === 0 ? -1 : this.#states.indexOf(WAITING);
  }

  /** One that somebody waits for and whose deadline is not after `now`, or -1. */
  overdue(now: number): number {
    if (now < this.#noneBefore || this.waiting === 0) return -1;
    let earliest = Infinity;
    for (let token = 0; token < this.#states.length; token++) {
      if (this.#states[token] !== WAITING) continue;
      if (this.#deadlines[token]! <= now) return token;
      earliest = Math.min(earliest, this.#deadlines[token]!);
    }
    this.#noneBefore = earliest;
    return -1;
  }

  /** When to ask for overdue ones: not after the earliest deadline; Infinity when nobody waits. */
  get nextDeadline(): number {
    return this.waiting === 0 ? Infinity : this.#noneBefore;
  }
}
