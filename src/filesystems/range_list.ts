// Ranges of bytes in bounded memory. A list that becomes too long closes its smallest gaps: it says what to read first,
// so a range that is too large costs a little time and nothing else.

/** Half-open. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** The most ranges of a list: 8 MiB. A disk of 1 TB that was used for years has some 100,000. */
export const MAX_RANGES = 2 ** 19;
/** The first gaps that are closed, bytes; then twice as large ones, and so on. */
const FIRST_GAP_BYTES = 4096;
const FIRST_ROOM = 64;

/** Ranges that may be added in any order. Reading them gives them ascending, apart from each other. */
export class RangeList implements Iterable<ByteRange> {
  readonly #most: number;
  #starts = new Float64Array(FIRST_ROOM);
  #ends = new Float64Array(FIRST_ROOM);
  #count = 0;
  #isSorted = true;

  constructor(most = MAX_RANGES) {
    this.#most = most;
  }

  static of(...ranges: readonly ByteRange[]): RangeList {
    const list = new RangeList();
    for (const { start, end } of ranges) list.add(start, end);
    return list;
  }

  /** Number of ranges. */
  get count(): number {
    this.#settle();
    return this.#count;
  }

  /** Bytes in all ranges. */
  get bytes(): number {
    let sum = 0;
    for (const { start, end } of this) sum += end - start;
    return sum;
  }

  /** Adds [start, end); an empty one is nothing. */
  add(start: number, end: number): void {
    if (!(start < end)) return;
    const last = this.#count - 1;
    if (last >= 0) {
      // Most arrive in order, and touch the one before.
      if (start >= this.#starts[last]! && start <= this.#ends[last]!) {
        this.#ends[last] = Math.max(end, this.#ends[last]!);
        return;
      }
      if (start < this.#starts[last]!) this.#isSorted = false;
    }
    if (this.#count === this.#starts.length) this.#makeRoom();
    this.#starts[this.#count] = start;
    this.#ends[this.#count] = end;
    this.#count++;
  }

  /** Adds all of another list, moved by `offset` and cut at [low, high). */
  addAll(ranges: Iterable<ByteRange>, offset = 0, low = 0, high = Infinity): void {
    for (const { start, end } of ranges) {
      this.add(Math.max(low, start + offset), Math.min(high, end + offset));
    }
  }

  /** True when [start, end) is in the list as a whole. */
  covers(start: number, end: number): boolean {
    this.#settle();
    let low = 0;
    let high = this.#count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#ends[middle]! > start) high = middle;
      else low = middle + 1;
    }
    return low < this.#count && this.#starts[low]! <= start && end <= this.#ends[low]!;
  }

  /** What of this list is not in the other. */
  without(other: Iterable<ByteRange>): RangeList {
    const rest = new RangeList(this.#most);
    const taken = other[Symbol.iterator]();
    let next = taken.next();
    for (const { start, end } of this) {
      let from = start;
      while (!next.done && next.value.start < end) {
        if (next.value.end > from) {
          rest.add(from, next.value.start);
          from = Math.max(from, next.value.end);
        }
        // It may reach into the next range, too.
        if (next.value.end > end) break;
        next = taken.next();
      }
      rest.add(from, end);
    }
    return rest;
  }

  *[Symbol.iterator](): Generator<ByteRange> {
    this.#settle();
    for (let index = 0; index < this.#count; index++) {
      yield { start: this.#starts[index]!, end: this.#ends[index]! };
    }
  }

  #makeRoom(): void {
    const room = this.#starts.length;
    if (room >= this.#most) {
      this.#settle();
      for (let gap = FIRST_GAP_BYTES; this.#count > this.#most / 2; gap *= 2) this.#join(gap);
      return;
    }
    const larger = Math.min(this.#most, room * 2);
    for (const name of ["starts", "ends"] as const) {
      const old = name === "starts" ? this.#starts : this.#ends;
      const grown = new Float64Array(larger);
      grown.set(old);
      if (name === "starts") this.#starts = grown;
      else this.#ends = grown;
    }
  }

  #settle(): void {
    if (this.#isSorted) return;
    const order = Uint32Array.from({ length: this.#count }, (_, index) => index);
    const [starts, ends] = [this.#starts, this.#ends];
    order.sort((a, b) => starts[a]! - starts[b]!);
    this.#starts = Float64Array.from(starts);
    this.#ends = Float64Array.from(ends);
    order.forEach((from, to) => {
      this.#starts[to] = starts[from]!;
      this.#ends[to] = ends[from]!;
    });
    this.#isSorted = true;
    this.#join(0);
  }

  /** Joins neighbours with at most `gap` bytes between them. */
  #join(gap: number): void {
    let last = 0;
    for (let index = 1; index < this.#count; index++) {
      if (this.#starts[index]! - this.#ends[last]! <= gap) {
        this.#ends[last] = Math.max(this.#ends[last]!, this.#ends[index]!);
      } else {
        last++;
        this.#starts[last] = this.#starts[index]!;
        this.#ends[last] = this.#ends[index]!;
      }
    }
    this.#count = Math.min(this.#count, last + 1);
  }
}
