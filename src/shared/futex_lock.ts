// A lock in shared memory for threads that may sleep: not for main. Held for a short while only, or for as long
// as a disk needs to sync.

const FREE = 0;
const HELD = 1;
/** Held, and another thread may sleep until it is free. */
const CONTENDED = 2;

/** One word of shared memory, 0 at first. Every thread makes its own over the same word. */
export class FutexLock {
  readonly #words: Int32Array;
  readonly #word: number;

  constructor(words: Int32Array, word: number) {
    this.#words = words;
    this.#word = word;
  }

  /** Calls `work` while it holds the lock. Sleeps until the lock is free; the thread that releases it wakes this one. */
  hold<T>(work: () => T): T {
    this.#take();
    try {
      return work();
    } finally {
      // The next holder sees everything that was written under the lock: pairs with its exchanges.
      if (Atomics.exchange(this.#words, this.#word, FREE) === CONTENDED) {
        Atomics.notify(this.#words, this.#word, 1);
      }
    }
  }

  #take(): void {
    if (Atomics.compareExchange(this.#words, this.#word, FREE, HELD) === FREE) return;
    // A thread that has slept must assume that others still sleep.
    while (Atomics.exchange(this.#words, this.#word, CONTENDED) !== FREE) {
      Atomics.wait(this.#words, this.#word, CONTENDED);
    }
  }
}
