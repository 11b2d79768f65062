/**
 * While it is in scope, timers of some lengths wait until `run`; all others are the system's. Declare it with
 * `using`.
 */
export class TimersByLength implements Disposable {
  readonly #setTimeout = globalThis.setTimeout;
  readonly #clearTimeout = globalThis.clearTimeout;
  readonly #held = new Map<number, { ms: number; action: () => void }>();
  #next = 1_000_000_000;

  /** @param lengths those that are held, milliseconds. */
  constructor(...lengths: readonly number[]) {
    globalThis.setTimeout = ((action: () => void, ms = 0) => {
      if (!lengths.includes(ms)) return this.#setTimeout(action, ms);
      this.#held.set(this.#next, { ms, action });
      return this.#next++;
    }) as unknown as typeof setTimeout;
    globalThis.clearTimeout = ((id?: number) => {
      if (id === undefined || !this.#held.delete(id)) this.#clearTimeout(id);
    }) as unknown as typeof clearTimeout;
  }

  /** How many of a length are under way. */
  count(ms: number): number {
    return [...this.#held.values()].filter((timer) => timer.ms === ms).length;
  }

  /** Resolves when one of a length is under way and stays so for a few turns. @param meanwhile called at each look. */
  async begun(ms: number, meanwhile: () => void = () => {}): Promise<void> {
    for (let turns = 0; turns < 5;) {
      meanwhile();
      await new Promise((resolve) => this.#setTimeout(resolve, 0));
      turns = this.count(ms) > 0 ? turns + 1 : 0;
    }
  }

  /** The time of those of a length has come. */
  run(ms: number): void {
    for (const [id, timer] of [...this.#held]) {
      if (timer.ms === ms && this.#held.delete(id)) timer.action();
    }
  }

  [Symbol.dispose](): void {
    globalThis.setTimeout = this.#setTimeout;
    globalThis.clearTimeout = this.#clearTimeout;
  }
}
