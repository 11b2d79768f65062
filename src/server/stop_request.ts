// The user's wish to stop: SIGINT or SIGTERM. The first one ends the run in order, a second SIGINT at once.

/** Exit code after an interruption that was repeated: 128 + SIGINT. */
const EXIT_AT_ONCE = 130;

/** Listens for the signals until it is disposed of. Main thread. */
export class StopRequest implements Disposable {
  readonly requested: Promise<void>;
  #stop!: () => void;
  #interrupted = false;

  constructor() {
    this.requested = new Promise((resolve) => this.#stop = resolve);
    Deno.addSignalListener("SIGINT", this.#onInterrupt);
    Deno.addSignalListener("SIGTERM", this.#onTerminate);
    // The terminal has gone: end in order, as the map is worth more than the messages.
    Deno.addSignalListener("SIGHUP", this.#onTerminate);
  }

  [Symbol.dispose](): void {
    Deno.removeSignalListener("SIGINT", this.#onInterrupt);
    Deno.removeSignalListener("SIGTERM", this.#onTerminate);
    Deno.removeSignalListener("SIGHUP", this.#onTerminate);
  }

  readonly #onTerminate = () => this.#stop();

  readonly #onInterrupt = () => {
    if (this.#interrupted) Deno.exit(EXIT_AT_ONCE);
    this.#interrupted = true;
    this.#stop();
  };
}
