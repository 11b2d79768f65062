// Adaptive spinning: a thread polls for a moment before it sleeps. A sleep and a wake cost
// 5 to 50 microseconds, more than most answers take to come; polling costs a processor that other threads may
// need. So the thread polls as long as that mostly pays. For one thread and one kind of wait.

/** Successes that are remembered. */
const MOST_CREDIT = 8;
/** What a failure costs. */
const FAILURE = 2;
/** Waits without a look after too many failures. */
const REST = 16;

/**
 * Decides how often a thread polls before it sleeps: adaptive spinning for one thread and one kind
 * of wait.
 */
export class Eagerness {
  readonly #most: number;
  #credit = 1;

  /**
   * @param most looks of one wait.
   * @param processors those of the machine. With a single one no other thread can run meanwhile, so this one never polls.
   */
  constructor(most: number, processors: number = navigator.hardwareConcurrency) {
    this.#most = processors > 1 ? most : 0;
  }

  /** How often to look before this wait goes to sleep. */
  looks(): number {
    if (this.#credit > 0) return this.#most;
    this.#credit++;
    return 0;
  }

  /** It has come while we looked. */
  won(): void {
    if (this.#credit < MOST_CREDIT) this.#credit++;
  }

  /** It has not. */
  lost(): void {
    this.#credit -= FAILURE;
    if (this.#credit <= 0) this.#credit = -REST;
  }
}
