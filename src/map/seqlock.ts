// One writer, any number of readers, no reader ever blocks the writer for long: a sequence lock.
//
// The writer makes the sequence odd, changes the memory, makes it even. A reader notes an even sequence,
// reads, and keeps what it read only if the sequence is still the same.
//
// Why no torn read is ever used, on aarch64 and on x86. Between the two loads of the sequence there are
// plain accesses, which a weakly ordered processor moves about. An atomic *load* at the end would not stop
// it: a load-acquire keeps later accesses behind it, but earlier plain loads may still be done after it. So
// the reader ends with a read-modify-write that adds 0, and the writer begins with one that adds 1:
//  - a reader's add that sees S writes S. If the writer's add of S -> S+1 comes after it, it reads what the
//    reader wrote (or what a later reader wrote that had read it), and that read-from is a
//    synchronizes-with edge of the JavaScript memory model. So all that the reader read happens before the
//    writer's add, and therefore before each of the writer's plain stores: the reader cannot have seen one.
//    Were it the other way round, the reader would see S+1 or more, and reads again.
//  - the reader's first load sees S, which the writer's closing add wrote (or a reader's add that read it):
//    another synchronizes-with edge, so all that the writer stored before is seen.
// What a reader keeps is thus free of data races in the model itself, without a word about processors. The
// price of an add against a load is one cache line that readers share: next to nothing, once a request.
//
// A reader that is disturbed too often asks the writer to wait (HOLD), so neither a short look nor a copy
// that takes milliseconds can starve.

import { assert } from "../base/assert.ts";

/** Attempts before a reader asks the writer to wait. A small copy or a lookup needs one or two. */
export const PATIENCE = 8;

/** Looks at an odd sequence before a reader sleeps; the writer may have lost its processor. */
const SPINS = 64;
/** Milliseconds of one such sleep, and how many of them make a writer that died in the middle (10 s). */
const NAP_MS = 0.1;
const MOST_NAPS = 100_000;

/** Milliseconds that the writer waits for readers that hold it, in steps, before it goes on regardless. */
const HOLD_STEP_MS = 100;
const HOLD_STEPS = 10;

/** Two words of shared memory, best a cache line apart. Every thread makes its own over the same words. */
export class Seqlock {
  readonly #words: Int32Array<SharedArrayBuffer>;
  readonly #sequence: number;
  readonly #hold: number;

  /** @param sequence,hold indexes of the two words, both 0 at first. */
  constructor(words: Int32Array<SharedArrayBuffer>, sequence: number, hold: number) {
    this.#words = words;
    this.#sequence = sequence;
    this.#hold = hold;
  }

  /** Changes with each write; wraps around. Any thread. */
  get version(): number {
    return Atomics.load(this.#words, this.#sequence) >>> 1;
  }

  /**
   * Begins a read. Values that are read until `endRead` may be garbage and must not lead to an
   * endless loop, an exception or an index out of range. Waits while the writer is in the middle of a write.
   * @param attempt 0, 1, 2...; from PATIENCE on the writer is asked to wait until `endRead`.
   * @returns the sequence, for `endRead`, which must follow.
   */
  beginRead(attempt: number): number {
    if (attempt >= PATIENCE) Atomics.add(this.#words, this.#hold, 1);
    const sequence = Atomics.load(this.#words, this.#sequence);
    return (sequence & 1) === 0 ? sequence : this.#awaitEven();
  }

  /** @returns true when all reads since `beginRead` saw one state of the memory; else try again. */
  endRead(sequence: number, attempt: number): boolean {
    const unchanged = Atomics.add(this.#words, this.#sequence, 0) === sequence;
    if (attempt >= PATIENCE) this.#release();
    return unchanged;
  }

  /** Writer only. The write must not throw before `endWrite`. */
  beginWrite(): void {
    if (Atomics.load(this.#words, this.#hold) !== 0) this.#awaitReaders();
    Atomics.add(this.#words, this.#sequence, 1);
  }

  endWrite(): void {
    Atomics.add(this.#words, this.#sequence, 1);
  }

  #awaitEven(): number {
    for (let look = 0; look < SPINS + MOST_NAPS; look++) {
      const sequence = Atomics.load(this.#words, this.#sequence);
      if ((sequence & 1) === 0) return sequence;
      // The writer never notifies: writes take microseconds, and it shall not pay for the call.
      if (look >= SPINS) Atomics.wait(this.#words, this.#sequence, sequence, NAP_MS);
    }
    assert(false, "the map's writer has stopped in the middle of a write");
  }

  /** Woken by the last reader that lets go. */
  #awaitReaders(): void {
    for (let step = 0; step < HOLD_STEPS; step++) {
      const holding = Atomics.load(this.#words, this.#hold);
      if (holding === 0) return;
      Atomics.wait(this.#words, this.#hold, holding, HOLD_STEP_MS);
    }
    // A thread was ended while it held the writer. A live one at worst reads again.
    Atomics.store(this.#words, this.#hold, 0);
  }

  #release(): void {
    if (Atomics.load(this.#words, this.#hold) === 0) return;
    if (Atomics.sub(this.#words, this.#hold, 1) === 1) Atomics.notify(this.#words, this.#hold);
  }
}
