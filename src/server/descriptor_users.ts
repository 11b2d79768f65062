// The threads that use the descriptors of one generation. Each of those is closed when all of these have ended, since
// a thread that was left behind may still use its number when its device answers at last: by then it must not
// mean something else, such as the next disc's image. Main thread.

/**
 * The threads that use the descriptors of one generation, which are closed after all of them have
 * ended.
 */
export class DescriptorUsers {
  #ended: Promise<unknown> = Promise.resolve();

  /** @param ended resolves when the thread uses none of the descriptors any more. */
  add(ended: Promise<unknown>): void {
    this.#ended = Promise.all([this.#ended, ended]);
  }

  /** Resolves when all that have been added until now have ended. */
  get gone(): Promise<unknown> {
    return this.#ended;
  }
}
