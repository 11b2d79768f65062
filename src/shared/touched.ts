// Which parts of a device clients have read, hit or miss: a bit for each grain. Every session sets bits, main
// looks at them; no order is needed, as a bit only ever goes from 0 to 1.
import { alignUp } from "../base/ranges.ts";

/** Smallest grain, bytes: the page of those who read through a kernel. */
const LEAST_GRAIN = 4096;
/** Most bits; a larger device has larger grains. 32 MiB, committed where something is read. */
const MOST_BITS = 2 ** 28;

/**
 * A bitmap of the parts of a device that clients have read. Every thread makes its own over the
 * same memory.
 */
export class Touched {
  readonly buffer: SharedArrayBuffer;
  /** Of the device, bytes. */
  readonly size: number;
  readonly #grain: number;
  readonly #words: Int32Array;

  /** Memory for a device of which no client has read anything. */
  static create(size: number, sectorSize: number): Touched {
    return new Touched(new SharedArrayBuffer(4 * wordCount(size, sectorSize)), size, sectorSize);
  }

  /** Views memory that another thread has made for a device of this size. */
  constructor(buffer: SharedArrayBuffer, size: number, sectorSize: number) {
    this.buffer = buffer;
    this.size = size;
    this.#grain = grainOf(size, sectorSize);
    this.#words = new Int32Array(buffer);
  }

  /** Notes that a client reads [offset, offset + length). Any thread; about 10 ns for a small range. */
  note(offset: number, length: number): void {
    if (length === 0) return;
    const last = Math.floor((offset + length - 1) / this.#grain);
    for (let bit = Math.floor(offset / this.#grain); bit <= last; bit++) {
      const word = bit >>> 5;
      const mask = 1 << (bit & 31);
      // Mostly it is set already, and then the cache line stays shared.
      if ((this.#words[word] & mask) === 0) Atomics.or(this.#words, word, mask);
    }
  }

  /** What has been touched, ascending, neighbours joined. */
  *ranges(): Generator<{ start: number; end: number }> {
    let start = -1;
    const bits = Math.ceil(this.size / this.#grain);
    for (let bit = 0; bit < bits; bit++) {
      const word = this.#words[bit >>> 5];
      if ((word & 1 << (bit & 31)) !== 0) {
        if (start < 0) start = bit * this.#grain;
      } else {
        if (start >= 0) yield { start, end: bit * this.#grain };
        start = -1;
        // Nothing in the rest of the word.
        if (word >>> (bit & 31) === 0) bit |= 31;
      }
    }
    if (start >= 0) yield { start, end: this.size };
  }
}

function grainOf(size: number, sectorSize: number): number {
  let grain = Math.max(LEAST_GRAIN, sectorSize);
  while (size / grain > MOST_BITS) grain *= 2;
  return grain;
}

function wordCount(size: number, sectorSize: number): number {
  return alignUp(Math.ceil(size / grainOf(size, sectorSize)), 32) / 32;
}
