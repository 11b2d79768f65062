/** While it is in scope, what `setInterval` is given is called by `tick` alone; declare it with `using`. */
export class PlayedIntervals implements Disposable {
  readonly #setInterval = globalThis.setInterval;
  readonly #clearInterval = globalThis.clearInterval;
  readonly #actions = new Map<number, () => void>();
  #next = 1;

  constructor() {
    globalThis.setInterval = ((action: () => void) => {
      this.#actions.set(this.#next, action);
      return this.#next++;
    }) as unknown as typeof setInterval;
    globalThis.clearInterval = ((id?: number) => {
      if (id !== undefined) this.#actions.delete(id);
    }) as unknown as typeof clearInterval;
  }

  /** How many are under way. */
  get count(): number {
    return this.#actions.size;
  }

  /** The time of all of them has come. */
  tick(): void {
    for (const action of [...this.#actions.values()]) action();
  }

  [Symbol.dispose](): void {
    globalThis.setInterval = this.#setInterval;
    globalThis.clearInterval = this.#clearInterval;
  }
}
