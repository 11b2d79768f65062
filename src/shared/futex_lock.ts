// A lock in shared memory for threads that may sleep: not for main. Held for a short while only, or for as long
// as a disk needs to sync.

const FREE = 0;
const HELD = 1;
/** Held, and somebody may sleep for it. */
const CONTENDED = 2;

/** One word of shared memory, 0 at first. Every thread makes its own over the same word. */
export class FutexLock {
  readonly #words: Int32Array;
  readonly #word: number;

  constructor(words: Int32Array, word: number) {
    this.#words = words;
    this.#word = word;
  }

  /** Calls `work` while nobody else holds the lock. Sleeps until then; woken by the one who lets go. */
  hold<T>(work: () => T): T {
    this.#take();
    try {
      return work();
    } finally {
      // What was written while it was held is seen by whoever takes it next: pairs with the exchanges there.
      if (Atomics.exchange(this.#words, this.#word, FREE) === CONTENDED) {
        Atomics.notify(this.#words, this.#word, 1);
      }
    }
  }

  #take(): void {
    if (Atomics.compareExchange(this.#words, this.#word, FREE, HELD) === FREE) return;
    // Whoever has slept must assume that others still do.
    while (Atomics.exchange(this.#words, this.#word, CONTENDED) !== FREE) {
      Atomics.wait(this.#words, this.#word, CONTENDED);
    }
  }
}
