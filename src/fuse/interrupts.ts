// Interrupted requests, told by the thread that hears of it to the thread that has the request.
//
// The kernel reports an interrupt to whichever thread reads next, and only after another thread has received
// the request itself. So a thread that looks here after it has parked a read finds whatever was posted for
// it: it cannot have passed it over. A ring in shared memory; every thread posts, every thread reads all.

const TAIL = 0;
/** Words in front of the ring: a cache line. */
const HEADER_WORDS = 16;
/** Words of an entry: its turn, and the two halves of the request's number. */
const ENTRY_WORDS = 4;
/**
 * Entries. A thread looks after each request and after each call, so it would have to miss this many
 * interrupts in between for one to be lost; the read then ends by itself or by its timeout.
 */
const ENTRIES = 1024;

/** One thread's view of the ring. */
export class Interrupts {
  /** The request that `next` has found: the halves of its number. */
  high = 0;
  low = 0;
  readonly #words: Int32Array;
  #head: number;

  /** The memory that the threads of one mount share. */
  static memory(): SharedArrayBuffer {
    return new SharedArrayBuffer((HEADER_WORDS + ENTRIES * ENTRY_WORDS) * 4);
  }

  constructor(memory: SharedArrayBuffer) {
    this.#words = new Int32Array(memory);
    this.#head = Atomics.load(this.#words, TAIL);
  }

  /** Posts an interrupted request; the others must then be called. */
  post(high: number, low: number): void {
    const turn = Atomics.add(this.#words, TAIL, 1);
    const at = entryAt(turn);
    this.#words[at + 1] = high;
    this.#words[at + 2] = low;
    // Publishes the two stores above; pairs with the load of the turn in `next`.
    Atomics.store(this.#words, at, (turn + 1) | 0);
  }

  /** Finds the next one posted by any thread. Never blocks. @returns false when there is none. */
  next(): boolean {
    const words = this.#words;
    const tail = Atomics.load(words, TAIL);
    if (((tail - this.#head) | 0) > ENTRIES) this.#head = (tail - ENTRIES) | 0;
    while (this.#head !== tail) {
      const at = entryAt(this.#head);
      const ahead = (Atomics.load(words, at) - this.#head) | 0;
      // Its poster has not stored it yet, and will call when it has.
      if (ahead < 1) return false;
      this.#head = (this.#head + 1) | 0;
      // Overwritten by a later one already.
      if (ahead > 1) continue;
      this.high = words[at + 1]!;
      this.low = words[at + 2]!;
      return true;
    }
    return false;
  }
}

function entryAt(turn: number): number {
  return HEADER_WORDS + (turn & (ENTRIES - 1)) * ENTRY_WORDS;
}
