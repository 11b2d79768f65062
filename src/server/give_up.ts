// When a run gives up waiting: for a device that does not answer, or for room for the image. Pure.
import type { Progress } from "./events.ts";
import type { RunEndReason } from "./run_end.ts";

/** How long a run waits, and for what it must. */
export interface Patience {
  /** Milliseconds; undefined: for ever. */
  readonly limitMs: number | undefined;
  /** --exit-when-complete: without room for the image it cannot be. Otherwise clients are served all the same. */
  readonly mustComplete: boolean;
}

/** Decides when a run gives up waiting for a device or for room for the image. No I/O. */
export class GivingUp {
  readonly #patience: Patience;
  #pausedSinceMs: number | undefined;

  constructor(patience: Patience) {
    this.#patience = patience;
  }

  /**
   * Looks at a moment of the run.
   * @param nowMs milliseconds since 1970.
   * @returns why the run is over; undefined: it goes on.
   */
  look(
    { outage, reading, paused, phase }: Pick<Progress, "outage" | "reading" | "paused" | "phase">,
    nowMs: number,
  ): RunEndReason | undefined {
    const { limitMs = Infinity, mustComplete } = this.#patience;
    const isPaused = paused !== null && phase !== null;
    this.#pausedSinceMs = isPaused ? this.#pausedSinceMs ?? nowMs : undefined;
    // A read that hangs is an outage that the reader cannot tell of.
    const hangsMs = reading === null ? 0 : reading.ms;
    const silentMs = Math.max(hangsMs, outage === null ? 0 : nowMs - outage.sinceMs);
    if (silentMs >= limitMs) return "not answering";
    const pausedMs = nowMs - (this.#pausedSinceMs ?? nowMs);
    return mustComplete && pausedMs >= limitMs ? "no room" : undefined;
  }
}
