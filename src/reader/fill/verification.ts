// Verification: reads a sample of what the image has once more, spread over the device, to see whether the
// device says the same again. Changes nothing.
import { alignDown } from "../../base/ranges.ts";
import { FINISHED } from "../../map/statuses.ts";
import type { PhaseWork } from "./phase_work.ts";
import { CLUSTER } from "./read_size.ts";
import type { Wanted } from "./wanted.ts";

/** What came of it. Bytes. */
export interface Verified {
  same: number;
  /** In pieces of which some byte differs. */
  differing: number;
  /** That could not be read again. */
  unreadable: number;
}

/** How far a verification is, and what it has found. */
export interface VerificationPlace extends Readonly<Verified> {
  readonly done: number;
  readonly at: number;
}

/** Reads a sample of the finished areas again and compares it with the image. Changes nothing. */
export class Verification implements PhaseWork {
  readonly #wanted: Wanted;
  readonly #bytes: number;
  readonly result: Verified = { same: 0, differing: 0, unreadable: 0 };
  #done = 0;
  #at = 0;
  offset = 0;
  length = 0;

  /** @param bytes how much to read. */
  constructor(wanted: Wanted, bytes: number) {
    this.#wanted = wanted;
    this.#bytes = bytes;
  }

  next(): boolean {
    const { map } = this.#wanted;
    if (this.#done >= this.#bytes) return false;
    // Spread in proportion, unless all of it is to be read.
    const spread = this.#bytes < map.total(FINISHED) ? this.#done / this.#bytes * map.size : 0;
    const from = Math.max(this.#at, alignDown(Math.floor(spread), CLUSTER));
    if (!this.#wanted.next(from, FINISHED)) return false;
    const { start, end } = this.#wanted;
    this.offset = start;
    this.length = Math.min(end, alignDown(start + CLUSTER, CLUSTER)) - start;
    return true;
  }

  /** The read has brought `length` bytes, the same as the image has or not. */
  compared(length: number, same: boolean): void {
    if (same) this.result.same += length;
    else this.result.differing += length;
    this.#moveOn(length);
  }

  succeeded(length: number): void {
    this.compared(length, true);
  }

  /** What is needed to go back to this point. */
  get place(): VerificationPlace {
    return { ...this.result, done: this.#done, at: this.#at };
  }
  set place({ same, differing, unreadable, done, at }: VerificationPlace) {
    Object.assign(this.result, { same, differing, unreadable });
    this.#done = done;
    this.#at = at;
  }

  failed(): void {
    this.result.unreadable += this.length;
    this.#moveOn(this.length);
  }

  #moveOn(length: number): void {
    this.#done += length;
    this.#at = this.offset + length;
  }
}
