// How long a run that is to end by itself waits for a medium that has left before all of it was read, or for its drive.
// Main thread.

/** Limits how long a run that is to end by itself waits for a medium that has left. Main thread. */
export class MediumPatience {
  readonly #limitMs: number | undefined;
  readonly #over = Promise.withResolvers<"not answering">();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param limitMs milliseconds; undefined: for ever. */
  constructor(limitMs: number | undefined) {
    this.#limitMs = limitMs;
  }

  /** Resolves when the medium has been away for too long. */
  get over(): Promise<"not answering"> {
    return this.#over.promise;
  }

  /** The medium that was being served has left. Before the first medium there is no limit. */
  left(): void {
    if (this.#limitMs === undefined) return;
    this.#timer ??= setTimeout(() => this.#over.resolve("not answering"), this.#limitMs);
  }

  /** A medium is served, or the run is over. */
  end(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
