/** While it is in scope, what `setTimeout` is given is called by `runAll` alone; declare it with `using`. */
export class PlayedTimeouts implements Disposable {
  readonly #setTimeout = globalThis.setTimeout;
  readonly #clearTimeout = globalThis.clearTimeout;
  readonly #actions = new Map<number, () => void>();
  #next = 1;

  constructor() {
    globalThis.setTimeout = ((action: () => void) => {
      this.#actions.set(this.#next, action);
      return this.#next++;
    }) as unknown as typeof setTimeout;
    globalThis.clearTimeout = ((id?: number) => {
      if (id !== undefined) this.#actions.delete(id);
    }) as unknown as typeof clearTimeout;
  }

  /** How many are under way. */
  get count(): number {
    return this.#actions.size;
  }

  /** The time of all those that are under way now has come. */
  runAll(): void {
    const actions = [...this.#actions];
    for (const [id, action] of actions) {
      if (this.#actions.delete(id)) action();
    }
  }

  [Symbol.dispose](): void {
    globalThis.setTimeout = this.#setTimeout;
    globalThis.clearTimeout = this.#clearTimeout;
  }
}
