// The reader's work where memory is short. The kernel cannot take pages of the image away before they are
// written, so it takes the program's own code instead, which is then read from the disk again at each step:
// every thread waits for that, main too, and no signal is heard. Reader thread; it waits here, bounded, as it
// would wait for memory otherwise.
import { majorFaults } from "../sys/memory.ts";
import { beginWriting, dropPages } from "../sys/page_cache.ts";

/** Bytes written to the image before its pages are given back: two such stretches are in memory at most. */
const STRETCH_BYTES = 2 * 1024 * 1024;
/** Reads of its own code from the disk in a second from which on the program gets in its own way. */
const MOST_FAULTS_PER_SECOND = 200;
/** How often that is looked at, and how long the reader rests then, milliseconds: main gets its turn. */
const LOOK_MS = 250;
const REST_MS = 500;

/**
 * Writes and drops the image's pages where memory is short, so that the kernel does not evict the
 * program's code. Reader thread only.
 */
export class ScarceMemory {
  readonly #imageFd: number;
  readonly #deviceFd: number | undefined;
  readonly #bed = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  #written = 0;
  #faults = majorFaults();
  #lookedMs = performance.now();

  /** @param source a regular file that is read through the page cache; undefined: there is none. */
  constructor(imageFd: number, deviceFd: number | undefined) {
    this.#imageFd = imageFd;
    this.#deviceFd = deviceFd;
  }

  /** `length` bytes have been written to the image. What goes wrong is heard by the next fdatasync. */
  wrote(length: number): void {
    this.#written += length;
    if (this.#written >= STRETCH_BYTES) {
      this.#written = 0;
      beginWriting(this.#imageFd);
      dropPages(this.#imageFd);
      if (this.#deviceFd !== undefined) dropPages(this.#deviceFd);
    }
    this.#restAfterFaults();
  }

  #restAfterFaults(): void {
    const sinceMs = performance.now() - this.#lookedMs;
    if (sinceMs < LOOK_MS) return;
    const faults = majorFaults();
    const isThrashing = (faults - this.#faults) * 1000 > MOST_FAULTS_PER_SECOND * sinceMs;
    if (isThrashing) Atomics.wait(this.#bed, 0, 0, REST_MS);
    // What main has read meanwhile is not the reader's doing.
    this.#faults = isThrashing ? majorFaults() : faults;
    this.#lookedMs = performance.now();
  }
}
