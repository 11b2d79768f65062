// Failures that took far longer than others: perhaps the device hung, or was reset, and the sector is good. Such a
// read is made once more before it is believed. Pure.

/** What fails sooner is never suspect, milliseconds. */
const LEAST_SUSPECT_MS = 1000;
/** What takes as many times as long as the longest failure that was believed is. */
const FACTOR = 4;

/**
 * Finds failures that took so long that the device may have hung: such a read is made once more.
 */
export class SlowFailures {
  #longestMs = 0;

  /** Whether a failure after `tookMs` is to be tried once more. */
  isSuspect(tookMs: number): boolean {
    return tookMs >= LEAST_SUSPECT_MS && tookMs >= FACTOR * this.#longestMs;
  }

  /** A failure is believed: those that take about as long are from now on. */
  believe(tookMs: number): void {
    this.#longestMs = Math.max(this.#longestMs, tookMs);
  }
}
