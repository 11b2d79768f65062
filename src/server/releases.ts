// What the media before have not let go of yet: threads that hang in a drive, or just take their time, keep their
// image locked. The next medium may be the same disc once more. Main thread.

/** The media that have left and still hold something. */
export class Releases {
  readonly #holding = new Set<Promise<unknown>>();

  /** @param released resolves when the medium holds nothing any more. */
  add(released: Promise<unknown>): void {
    this.#holding.add(released);
    void released.finally(() => this.#holding.delete(released));
  }

  /** Resolves when the next of them has let go; undefined when none holds anything. */
  get next(): Promise<"released"> | undefined {
    if (this.#holding.size === 0) return undefined;
    return Promise.race(this.#holding).then(() => "released" as const);
  }
}
