// Wide reads that have failed, as long as it is unknown which of their sectors is bad. A read of several of these sectors
// may well fail again, so the reader reads single sectors until it has found the bad one. This only saves failing reads:
// a forgotten entry costs one more, and one that is kept too long some small reads.

/** More than these are forgotten, the oldest first: those of a device that fails now and then. */
const MOST = 16;

/** An interval. */
interface FailedRead {
  readonly start: number;
  readonly end: number;
}

/**
 * Ranges of wide reads that have failed and whose bad sectors are not known yet. Reader thread
 * only.
 */
export class FailedReads {
  #reads: FailedRead[] = [];

  /** A read of more than one sector has failed. */
  add(start: number, end: number): void {
    this.#reads.push({ start, end });
    if (this.#reads.length > MOST) this.#reads.shift();
  }

  /** The device did not answer: none of them has failed. */
  clear(): void {
    this.#reads = [];
  }

  /** The sector at `offset` has failed alone: of the rest nothing is known. */
  found(offset: number): void {
    this.#reads = this.#reads.filter(({ start, end }) => offset < start || offset >= end);
  }

  /** Where the failed read ends in which `offset` lies, or -1. */
  endAt(offset: number): number {
    return this.#reads.find(({ start, end }) => start <= offset && offset < end)?.end ?? -1;
  }

  /** Cuts [start, end) short where a failed read begins. */
  endBefore(start: number, end: number): number {
    for (const read of this.#reads) if (read.start > start && read.start < end) end = read.start;
    return end;
  }
}
