// Finds and walks the extents of a map: ascending, touching, neighbours differing, the first at 0, the last
// up to the map's size.
//
// Any thread, inside a read of the seqlock: what it meets may be half changed. It ends and stays in the
// arrays for any contents (counts and slabs are clamped, every loop counts down); its result is
// worth something only after the lock has said so.

import { CHUNK, CHUNKS, type MapMemory } from "./map_memory.ts";

/** A position among the extents. One thread's own; a `seek` makes it valid, a change of the map makes it invalid. */
export class ExtentCursor {
  // The memory's views, one step nearer: they are the hottest words of the program.
  readonly #words: Int32Array;
  readonly #first: Float64Array;
  readonly #slabOf: Uint32Array;
  readonly #counts: Uint32Array;
  readonly #starts: Float64Array;
  readonly #statuses: Uint8Array;
  readonly #size: number;
  /** Index in the directory. */
  chunk = 0;
  /** Index of the chunk's first extent in `starts` and `statuses`. */
  base = 0;
  /** Extents of the chunk. */
  count = 1;
  /** Index of the extent in its chunk. */
  index = 0;

  constructor(memory: MapMemory) {
    this.#words = memory.words;
    this.#first = memory.first;
    this.#slabOf = memory.slab;
    this.#counts = memory.count;
    this.#starts = memory.starts;
    this.#statuses = memory.statuses;
    this.#size = memory.size;
  }

  /** Chunks in the directory. */
  get #chunks(): number {
    return Math.min(this.#words[CHUNKS], this.#first.length);
  }

  /** Moves to the extent that holds the byte at `position`. */
  seek(position: number): void {
    this.enter(lastAtOrBelow(this.#first, 0, this.#chunks, position));
    this.index = lastAtOrBelow(this.#starts, this.base, this.count, position) - this.base;
  }

  /** Moves to the first extent of a chunk. */
  enter(chunk: number): void {
    const at = Math.min(this.#slabOf[chunk], this.#first.length - 1);
    this.chunk = chunk;
    this.base = at * CHUNK;
    this.count = Math.min(this.#counts[at], CHUNK);
    this.index = 0;
  }

  get start(): number {
    return this.#starts[this.base + this.index];
  }

  get status(): number {
    return this.#statuses[this.base + this.index];
  }

  get end(): number {
    return this.index + 1 < this.count ? this.#starts[this.base + this.index + 1] : this.chunkEnd;
  }

  /** End of the last extent of the chunk. */
  get chunkEnd(): number {
    const next = this.chunk + 1;
    return next < this.#chunks ? this.#first[next] : this.#size;
  }

  /** Moves to the next extent. @returns false, unmoved, at the last one. */
  next(): boolean {
    if (this.index + 1 < this.count) {
      this.index++;
      return true;
    }
    if (this.chunk + 1 >= this.#chunks) {
      return false;
    }
    this.enter(this.chunk + 1);
    return true;
  }

  /** Moves to the extent before. @returns false, unmoved, at the first one. */
  previous(): boolean {
    if (this.index > 0) {
      this.index--;
      return true;
    }
    if (this.chunk === 0) return false;
    this.enter(this.chunk - 1);
    this.index = Math.max(this.count - 1, 0);
    return true;
  }

  /**
   * Moves to the first extent, from here to the end of the chunk, whose status is in `mask` or which starts
   * at `limit` or later.
   * @returns false when there is none; the cursor is undefined then.
   */
  scan(mask: number, limit: number): boolean {
    const base = this.base;
    const count = this.count;
    for (let index = this.index; index < count; index++) {
      if (
        (mask >>> this.#statuses[base + index] & 1) !== 0 || this.#starts[base + index] >= limit
      ) {
        this.index = index;
        return true;
      }
    }
    return false;
  }

  /** Moves to the last extent, from here back to the start of the chunk, whose status is in `mask`. */
  scanBack(mask: number): boolean {
    const base = this.base;
    for (let index = this.index; index >= 0; index--) {
      if ((mask >>> this.#statuses[base + index] & 1) !== 0) {
        this.index = index;
        return true;
      }
    }
    return false;
  }
}

/** Index of the last of `count` ascending values from `base` on that is not above `position`, or `base`. */
function lastAtOrBelow(
  values: Float64Array,
  base: number,
  count: number,
  position: number,
): number {
  let low = base;
  let high = base + count;
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (values[middle] <= position) low = middle;
    else high = middle;
  }
  return low;
}
