// The requests of one session that wait for the device: which slots are taken, by what, and until when a client
// waits. The backend owns this list. The protocols keep what their replies need beside it, by slot.
//
// A slot goes FREE -> WAITING -> FREE, or FREE -> WAITING -> ABANDONED -> FREE. A request under way cannot be called
// back: when the client has been answered (timeout, interrupt) or has gone, its slot stays taken until the device is
// done with it. One thread.

import { assert } from "./assert.ts";

const FREE = 0;
const WAITING = 1;
const ABANDONED = 2;

/** The pending requests of a session. Slots are 0 .. count - 1. */
export class PendingRequests {
  /** Where each request begins, bytes; by slot. It stays until the slot is taken again. */
  readonly offsets: Float64Array;
  /** How long each request is, bytes; by slot. It stays until the slot is taken again. */
  readonly lengths: Float64Array;
  /** Requests that a client waits for. */
  waiting = 0;
  readonly #states: Uint8Array;
  readonly #deadlines: Float64Array;
  readonly #free: Uint16Array;
  #freeCount: number;
  /** No request that a client waits for has an earlier deadline. Spares looking at all of them. */
  #noneBefore = Infinity;

  /** @param count the most requests at a time, 1 to 65536. */
  constructor(count: number) {
    assert(count >= 1 && count <= 65536, "a source takes between 1 and 65536 requests at a time");
    this.offsets = new Float64Array(count);
    this.lengths = new Float64Array(count);
    this.#states = new Uint8Array(count);
    this.#deadlines = new Float64Array(count);
    this.#free = Uint16Array.from({ length: count }, (_, index) => count - 1 - index);
    this.#freeCount = count;
  }

  /** The most requests at a time. */
  get count(): number {
    return this.#states.length;
  }

  /** True when no slot is free. */
  get full(): boolean {
    return this.#freeCount === 0;
  }

  /** Slots that are taken: the requests that a client waits for, and the abandoned ones. */
  get underWay(): number {
    return this.#states.length - this.#freeCount;
  }

  /**
   * Takes a slot for the range; not when `full`.
   * @param deadline when waiting for it ends, milliseconds; Infinity: never.
   */
  take(offset: number, length: number, deadline: number): number {
    assert(this.#freeCount > 0, "more requests than the source has slots");
    const slot = this.#free[--this.#freeCount]!;
    this.offsets[slot] = offset;
    this.lengths[slot] = length;
    this.#deadlines[slot] = deadline;
    this.#noneBefore = this.waiting === 0 ? deadline : Math.min(this.#noneBefore, deadline);
    this.#states[slot] = WAITING;
    this.waiting++;
    return slot;
  }

  /** The request has ended, and its slot is free. @returns whether a client waited for it until now. */
  release(slot: number): boolean {
    const state = this.#states[slot];
    assert(state !== FREE, "a request ended that was not under way");
    this.#states[slot] = FREE;
    this.#free[this.#freeCount++] = slot;
    if (state === WAITING) this.waiting--;
    return state === WAITING;
  }

  /** The client has been answered, or has gone; the slot stays taken until `release`. */
  abandon(slot: number): void {
    assert(this.#states[slot] === WAITING, "abandoned a request that nobody waits for");
    this.waiting--;
    this.#states[slot] = ABANDONED;
  }

  /** Abandons every request that a client waits for: the client has gone. */
  abandonAll(): void {
    for (let slot = this.any(); slot >= 0; slot = this.any()) this.abandon(slot);
  }

  isFree(slot: number): boolean {
    return this.#states[slot] === FREE;
  }

  isWaiting(slot: number): boolean {
    return this.#states[slot] === WAITING;
  }

  /** Any request that a client waits for, or -1. */
  any(): number {
    return this.waiting === 0 ? -1 : this.#states.indexOf(WAITING);
  }

  /** A request that a client waits for and whose deadline is not after `now`, or -1. */
  overdue(now: number): number {
    if (now < this.#noneBefore || this.waiting === 0) return -1;
    let earliest = Infinity;
    for (let slot = 0; slot < this.#states.length; slot++) {
      if (this.#states[slot] !== WAITING) continue;
      if (this.#deadlines[slot]! <= now) return slot;
      earliest = Math.min(earliest, this.#deadlines[slot]!);
    }
    this.#noneBefore = earliest;
    return -1;
  }

  /** When to ask for overdue ones: not after the earliest deadline; Infinity when no client waits. */
  get nextDeadline(): number {
    return this.waiting === 0 ? Infinity : this.#noneBefore;
  }
}
