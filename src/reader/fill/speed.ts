// Whether the device is slow where it is being read now: copying skips such places at first.

/** Not enough has been read to say. */
export const SPEED_UNKNOWN = 0;
export const SPEED_GOOD = 1;
export const SPEED_SLOW = 2;

/** Time of reading behind one verdict, milliseconds. A single read that takes longer is one as well. */
const WINDOW_MS = 500;
/** Time of reading before the average counts, milliseconds: drives spin up, caches warm. */
const WARM_UP_MS = 5000;
/** Without a limit of the user's, slow is less than a tenth of the average. */
const SLOW_FRACTION = 0.1;
/** ... and backwards a fortieth: a healthy disk that reads backwards waits a turn for each piece. */
const SLOW_FRACTION_BACKWARDS = 0.025;

/** Judges the reads of copying. */
export class Speed {
  /** Bytes per millisecond; undefined: by the average. */
  readonly #least: number | undefined;
  #fraction = SLOW_FRACTION;
  #bytes = 0;
  #ms = 0;
  #windowBytes = 0;
  #windowMs = 0;
  /** The device was elsewhere before the next read. */
  #interrupted = true;
  /** What the last read has told: SPEED_. */
  verdict = SPEED_UNKNOWN;

  /** @param least bytes per second below which a place is slow; 0: a tenth of the average. */
  constructor(least: number) {
    this.#least = least > 0 ? least / 1000 : undefined;
  }

  /** A pass begins. */
  begin(backwards: boolean): void {
    this.#fraction = backwards ? SLOW_FRACTION_BACKWARDS : SLOW_FRACTION;
    this.#windowBytes = 0;
    this.#windowMs = 0;
    this.interrupt();
  }

  /** The device has been elsewhere, or has failed: recovering from that is not this place's fault. */
  interrupt(): void {
    this.#interrupted = true;
    this.verdict = SPEED_UNKNOWN;
  }

  /** A read of copying has succeeded. */
  good(length: number, tookMs: number): void {
    const interrupted = this.#interrupted;
    this.#interrupted = false;
    this.verdict = SPEED_UNKNOWN;
    if (interrupted) return;
    this.#windowBytes += length;
    this.#windowMs += tookMs;
    if (this.#windowMs < WINDOW_MS) return;
    this.verdict = this.#isSlow() ? SPEED_SLOW : SPEED_GOOD;
    this.#bytes += this.#windowBytes;
    this.#ms += this.#windowMs;
    this.#windowBytes = this.#windowMs = 0;
  }

  #isSlow(): boolean {
    const bytesPerMs = this.#windowBytes / this.#windowMs;
    if (this.#least !== undefined) return bytesPerMs < this.#least;
    return this.#ms >= WARM_UP_MS && bytesPerMs < this.#fraction * this.#bytes / this.#ms;
  }
}
