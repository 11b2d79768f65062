// How large the pieces of copying are: large while the device is well and quick, CLUSTER otherwise. A large
// piece that fails costs no more failing reads than a small one (fewer, if anything), but its good sectors
// are then had one by one, at some tenths of a millisecond each, or many where the device is slow.

/** Smallest piece, bytes: ddrescue's cluster. */
export const CLUSTER = 65_536;
/** Largest piece, bytes: disks are as fast with it as with larger ones, and the first failure costs less. */
export const LARGEST = 131_072;
/** A piece is at most this fraction of what was read since the last failure. */
const CAUTION = 1024;
/** A piece takes no longer than this at the present speed, milliseconds: a client may have to wait for it. */
const MOST_MS = 50;
/** Part that a quicker read has in the speed that is believed; a slower one is believed at once. */
const GOOD_NEWS = 0.1;

/** Follows the device's health, and its speed. */
export class ReadSize {
  /** Read since the last failure, bytes. */
  #goodBytes: number;
  #bytesPerMs = Infinity;

  /** @param healthy nothing is known against the device. */
  constructor(healthy: boolean) {
    this.#goodBytes = healthy ? Infinity : 0;
  }

  /** Bytes; a power of two. */
  get limit(): number {
    const most = Math.min(LARGEST, this.#goodBytes / CAUTION, this.#bytesPerMs * MOST_MS);
    let limit = CLUSTER;
    while (limit * 2 <= most) limit *= 2;
    return limit;
  }

  good(length: number, tookMs: number): void {
    this.#goodBytes += length;
    const bytesPerMs = length / Math.max(tookMs, 0.001);
    this.#bytesPerMs = Math.min(
      bytesPerMs,
      this.#bytesPerMs === Infinity
        ? bytesPerMs
        : this.#bytesPerMs + GOOD_NEWS * (bytesPerMs - this.#bytesPerMs),
    );
  }

  bad(): void {
    this.#goodBytes = 0;
  }
}
