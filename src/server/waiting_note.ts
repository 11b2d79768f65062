// Says, second by second, that something has not answered yet. Main thread.
import type { Observer } from "./events.ts";

/** A healthy device answers sooner, milliseconds; the user hears of a disk that has to spin up. */
const SILENCE_MS = 3_000;
/** Milliseconds between two looks. */
const LOOK_MS = 1_000;

/** Speaks until it is disposed of. */
export class WaitingNote implements Disposable {
  readonly #timer: ReturnType<typeof setInterval>;

  /**
   * @param what completes the sentence "waiting for ...".
   * @param sinceMs since when, by `nowMs`; undefined: since this was made.
   */
  constructor(what: string, observe: Observer, sinceMs?: () => number | undefined) {
    const beganMs = nowMs();
    this.#timer = setInterval(() => {
      const silentMs = nowMs() - (sinceMs?.() ?? beganMs);
      if (silentMs < SILENCE_MS) return;
      const seconds = Math.floor(silentMs / 1000);
      const message = `waiting for ${what} (${seconds} s); Ctrl-C ends`;
      observe({ event: "waiting", what, seconds, message });
    }, LOOK_MS);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}

/** As the reader notes when a read begins. */
function nowMs(): number {
  return performance.timeOrigin + performance.now();
}
