// The threads that use the descriptors of one generation. Main thread.

/**
 * The threads that use the descriptors of one generation. Main closes those after all of these threads have ended: a
 * thread that was left behind may still use its number when its device answers at last, and by then the number must
 * not mean another file, such as the next disc's image.
 */
export class DescriptorUsers {
  readonly #running = new Set<Promise<unknown>>();

  /** @param ended resolves when the thread uses none of the descriptors any more. */
  add(ended: Promise<unknown>): void {
    this.#running.add(ended);
    void ended.then(() => this.#running.delete(ended));
  }

  /** Resolves when all that have been added until now have ended. */
  get gone(): Promise<unknown> {
    return Promise.all(this.#running);
  }
}
