/** What a call of Atomics.wait was given. */
export interface Wait {
  readonly index: number;
  readonly value: number;
  readonly timeoutMs: number | undefined;
}

/**
 * While it is in scope nobody sleeps in Atomics.wait: each call is noted, and another function is called in its
 * place, which does what another thread would do meanwhile. Declare it with `using`.
 */
export class ReplacedWait implements Disposable {
  readonly calls: Wait[] = [];
  readonly #wait = Atomics.wait;

  constructor(meanwhile: () => void = () => {}) {
    Atomics.wait = (
      words: Int32Array | BigInt64Array,
      index: number,
      value: number | bigint,
      timeoutMs?: number,
    ) => {
      if (Atomics.load(words as Int32Array, index) !== value) return "not-equal";
      this.calls.push({ index, value: Number(value), timeoutMs });
      meanwhile();
      return "ok";
    };
  }

  [Symbol.dispose](): void {
    Atomics.wait = this.#wait;
  }
}
