// For what reasons clients have been disconnected so far: each is said once, so that a client that comes again and
// again does not fill a log. Pure.

/** Reasons that are remembered. Some name a number of the client's choice, so there is no end of them. */
export const MOST_CAUSES = 32;

/** The reasons for which clients have been disconnected: each is told once. No I/O. */
export class CausesSaid {
  readonly #causes = new Set<string>();

  /** Whether it is to be said: it is new, and not too many others have been. */
  isNew(cause: string): boolean {
    if (this.#causes.size >= MOST_CAUSES || this.#causes.has(cause)) return false;
    this.#causes.add(cause);
    return true;
  }
}
