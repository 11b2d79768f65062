// The reads that wait, in the order of the bytes that they need next. So what one device read has brought finds
// the reads that wait for it, and the bytes that it should bring as well, without a look at all reads. Pure; bounded by the
// slots of the queue, and nothing is allocated after the start. Reader thread only.
import type { PendingRead } from "./pending_read.ts";

/** The pending reads ordered by the next byte that each needs. */
export class ReadsByCursor {
  /** By slot. */
  readonly #reads: readonly (PendingRead | undefined)[];
  /** Slots of the reads, by cursor. */
  readonly #order: Int32Array;
  #count = 0;

  /** @param reads by slot: those that are added, before they are. */
  constructor(reads: readonly (PendingRead | undefined)[]) {
    this.#reads = reads;
    this.#order = new Int32Array(reads.length);
  }

  get count(): number {
    return this.#count;
  }

  /** The read at `index`, in the order of cursors. */
  at(index: number): PendingRead {
    return this.#reads[this.#order[index]]!;
  }

  /** The first index whose cursor is not before `offset`. */
  from(offset: number): number {
    let low = 0;
    for (let high = this.#count; low < high;) {
      const middle = (low + high) >>> 1;
      if (this.at(middle).cursor < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Takes a read in. Its cursor must not change while it is in. */
  add(read: PendingRead): void {
    const index = this.from(read.cursor);
    this.#order.copyWithin(index + 1, index, this.#count++);
    this.#order[index] = read.slot;
  }

  remove(read: PendingRead): void {
    let index = this.from(read.cursor);
    while (this.#order[index] !== read.slot) index++;
    this.#order.copyWithin(index, index + 1, this.#count--);
  }

  /** Takes those out whose cursor lies in [start, end), and appends them to `out`. */
  takeOut(start: number, end: number, out: PendingRead[]): void {
    const first = this.from(start);
    let last = first;
    for (; last < this.#count && this.at(last).cursor < end; last++) out.push(this.at(last));
    this.#order.copyWithin(first, last, this.#count);
    this.#count -= last - first;
  }
}
