// Says, second by second, that a device which is being opened has not answered yet. Main thread.
import { printable } from "../base/printable.ts";
import { READER_BUSY_SINCE, type SharedState } from "../shared/shared_state.ts";
import type { Observer } from "./events.ts";

/** A healthy device answers sooner, milliseconds; one that has to spin up is worth a word. */
const SILENCE_MS = 3_000;
/** Milliseconds between two looks. */
const LOOK_MS = 1_000;

/** Speaks until it is disposed of. */
export class WaitingNote implements Disposable {
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(device: string, { readerCounters }: SharedState, observe: Observer) {
    const beganMs = now();
    this.#timer = setInterval(() => {
      // Without a read under way it is the opening itself that takes long.
      const silentMs = now() - (readerCounters[READER_BUSY_SINCE] || beganMs);
      if (silentMs < SILENCE_MS) return;
      const seconds = Math.floor(silentMs / 1000);
      const message = `waiting for ${printable(device)} to answer (${seconds} s); Ctrl-C ends`;
      observe({ event: "waiting", device, seconds, message });
    }, LOOK_MS);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}

/** As the reader notes when a read begins. */
function now(): number {
  return performance.timeOrigin + performance.now();
}
