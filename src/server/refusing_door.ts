// Accepts clients while there is nothing to serve, and refuses them with a sentence, so that none hangs.
// Main thread; it takes no other one.
import { clientObserver } from "./client_events.ts";
import { Door } from "./door.ts";
import type { Run } from "./run.ts";

/** How long a client may wait for a medium, milliseconds: most are ready by then. */
const GRACE_MS = 500;

/** Accepts clients and refuses them with a sentence while there is no medium. Main thread. */
export class RefusingDoor {
  readonly #run: Run;
  readonly #graceMs: number;
  #sentence = "";
  #timer: ReturnType<typeof setTimeout> | undefined;
  #door: Door | undefined;
  #endings: Promise<unknown> = Promise.resolve();

  /** @param graceMs how long the first clients wait before they are refused, milliseconds. */
  constructor(run: Run, graceMs = GRACE_MS) {
    this.#run = run;
    this.#graceMs = graceMs;
  }

  /** Refuses clients with `sentence` from now on, the first ones after a moment. */
  begin(sentence: string): void {
    this.#sentence = sentence;
    if (this.#door === undefined) this.#timer ??= setTimeout(() => this.#open(), this.#graceMs);
  }

  #open(): void {
    const { options, listeners, observe } = this.#run;
    const sentence = () => this.#sentence;
    const { dismissed, failed } = clientObserver(observe, () => 0);
    this.#door = new Door({
      listeners: listeners.sockets,
      exported: { name: options.exportName, description: "" },
      target: {
        get unavailable() {
          return sentence();
        },
      },
      places: 0,
    }, {
      expected() {},
      entered() {},
      asked() {},
      left() {},
      unwanted() {},
      dismissed,
      failed: (error) => failed(String(error)),
    });
  }

  /** Stops refusing clients. @returns when it accepts none any more. */
  async end(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#door !== undefined) {
      const door = this.#door;
      this.#door = undefined;
      door.end();
      this.#endings = Promise.all([this.#endings, door.ended]);
    }
    await this.#endings;
  }
}
