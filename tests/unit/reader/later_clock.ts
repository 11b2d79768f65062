// A clock that is set forward, for what is tried again after a while.

/** While it is in scope, `performance.now` tells a later time; declare it with `using`. */
export class LaterClock implements Disposable {
  readonly #now = performance.now;

  constructor(ms: number) {
    const now = this.#now;
    performance.now = () => now.call(performance) + ms;
  }

  [Symbol.dispose](): void {
    performance.now = this.#now;
  }
}
