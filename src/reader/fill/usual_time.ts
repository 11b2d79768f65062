// How long reads take while the drive is well, by their length, and which one took far longer. Arithmetic on times
// that it is told, milliseconds.

/** A read that takes as many times as long as usual is slow. */
const SLOW_FACTOR = 20;
/** ... but not when it takes less than this: three turns of a disk, which waits for a sector behind it. */
const LEAST_SLOW_MS = 30;
/** What a drive is taken for as long as nothing is known of it, bytes per millisecond: all disks give that. */
const ASSUMED_BYTES_PER_MS = 1000;
/** Part that a read has in the usual time. */
const NEWS = 0.1;
/** Lengths are told apart by powers of two from this one on. */
const LEAST_LENGTH = 512;

/** Knows how long reads usually take. */
export class UsualTime {
  /** Milliseconds, by power of two; holes where no such read was made yet. */
  readonly #usualMs: (number | undefined)[] = [];

  /** A read of a drive that is well has brought `length` bytes. */
  learn(length: number, tookMs: number): void {
    const index = indexOf(length);
    const usualMs = this.#usualMs[index];
    this.#usualMs[index] = usualMs === undefined ? tookMs : usualMs + NEWS * (tookMs - usualMs);
  }

  /** Whether a read of `length` bytes is slow if it takes `tookMs`. */
  isSlow(length: number, tookMs: number): boolean {
    return tookMs >= LEAST_SLOW_MS && tookMs > SLOW_FACTOR * this.#usually(length);
  }

  /** A shorter read takes no longer than a longer one; of a longer one nothing else is known than its bytes. */
  #usually(length: number): number {
    for (let index = indexOf(length); index < this.#usualMs.length; index++) {
      const usualMs = this.#usualMs[index];
      if (usualMs !== undefined) return usualMs;
    }
    return length / ASSUMED_BYTES_PER_MS;
  }
}

function indexOf(length: number): number {
  return Math.max(0, Math.ceil(Math.log2(length / LEAST_LENGTH)));
}
