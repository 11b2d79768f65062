// How much to read at once: much from a healthy device, little from a sick one. Plain arithmetic.

/** Largest device read, bytes: a disk needs no more to run at its own speed. */
export const MAX_READ = 1_048_576;
/** Largest read after trouble: the size of ddrescue's clusters, so that a failure costs no more than there. */
export const SICK_READ = 65_536;
/** Good bytes that double the size again. */
const RECOVERY_BYTES = 1_048_576;
/** A read that takes longer than this is trouble, even if it succeeds; milliseconds. */
const SLOW_MS = 1000;

/** Follows the device's health. */
export class Pace {
  #limit = MAX_READ;
  #goodBytes = 0;

  /** Largest read at the moment, bytes. */
  get limit(): number {
    return this.#limit;
  }

  /** The last trouble is not long ago: the reader reads only what clients ask for. */
  get isSick(): boolean {
    return this.#limit <= SICK_READ;
  }

  /** A read went well. */
  good(length: number, tookMs: number): void {
    if (tookMs > SLOW_MS) return this.bad();
    if (this.#limit === MAX_READ) return;
    this.#goodBytes += length;
    if (this.#goodBytes < RECOVERY_BYTES) return;
    this.#goodBytes = 0;
    this.#limit = Math.min(MAX_READ, this.#limit * 2);
  }

  /** A read failed, or took very long. */
  bad(): void {
    this.#limit = SICK_READ;
    this.#goodBytes = 0;
  }
}
