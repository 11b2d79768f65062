// --max-hours: ends a run in order when its time is over. Main thread.

const HOUR_MS = 3_600_000;
/** A timer of the runtime takes at most 2^31 milliseconds, which are 24.8 days. */
const LONGEST_TIMER_MS = 24 * HOUR_MS;

/** Calls a function once, when the time is over. Declare it with `using`. */
export class TimeLimit implements Disposable {
  readonly #endMs: number;
  readonly #over: () => void;
  readonly #now: () => number;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param hours undefined: there is no limit. @param now milliseconds of a clock that nobody sets. */
  constructor(hours: number | undefined, over: () => void, now = () => performance.now()) {
    this.#now = now;
    this.#over = over;
    this.#endMs = now() + (hours ?? Infinity) * HOUR_MS;
    if (hours !== undefined) this.#wait();
  }

  #wait(): void {
    const leftMs = this.#endMs - this.#now();
    if (leftMs <= 0) return this.#over();
    this.#timer = setTimeout(() => this.#wait(), Math.min(Math.ceil(leftMs), LONGEST_TIMER_MS));
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}
