// When the command of --on-stall is run: pure, on times that it is told.
//
//   answering --stalled--> run --ended--> the device is tried again in vain --> run again, LEAST_GAP_MS after the last
//
// A device that the command has just mended looks silent until it is tried again, and power must not be cut then: so
// the next run waits for an attempt that fails. A read that hangs, and a drive that is not plugged in, tell of no
// attempts: they get as long as a read may hang.
import type { Progress } from "./events.ts";

/** Between two runs of the command at least, milliseconds. */
export const LEAST_GAP_MS = 30_000;
/**
 * A read that takes longer hangs, milliseconds. A drive tries a bad sector for up to a minute or so by itself, and a
 * reset in the midst of that costs more than it brings.
 */
export const HANGING_MS = 120_000;

/** A device that has stalled. */
export interface Stall {
  /** How often it was tried again in vain; undefined: nobody tries, or nobody knows. */
  readonly attempts: number | undefined;
}

/** @returns undefined: the device answers. */
export function stallOf(
  { outage, reading }: Pick<Progress, "outage" | "reading">,
): Stall | undefined {
  // An attempt that hangs is none that has failed.
  if (reading !== null && reading.ms >= HANGING_MS) return { attempts: undefined };
  return outage === null ? undefined : { attempts: outage.attempts };
}

/** Decides when the command is run. Times are milliseconds of one clock. */
export class StallSchedule {
  #isStalled = false;
  #isRunning = false;
  #startedMs = -Infinity;
  /** Attempts that the command knows of: those before its end. Undefined: it has only just ended. */
  #known: number | undefined;
  #runs = 0;

  /** How often the command has been run. */
  get runs(): number {
    return this.#runs;
  }

  /** @returns whether to run the command now. */
  look(stall: Stall | undefined, nowMs: number): boolean {
    if (stall === undefined) {
      this.#isStalled = false;
      return false;
    }
    if (this.#isRunning || !this.#isDue(stall, nowMs)) return false;
    this.#isStalled = true;
    this.#isRunning = true;
    this.#startedMs = nowMs;
    this.#runs++;
    return true;
  }

  #isDue({ attempts }: Stall, nowMs: number): boolean {
    const sinceMs = nowMs - this.#startedMs;
    // Another stall than the last one.
    if (!this.#isStalled) return sinceMs >= LEAST_GAP_MS;
    if (attempts === undefined) return sinceMs >= HANGING_MS;
    this.#known ??= attempts;
    return attempts > this.#known && sinceMs >= LEAST_GAP_MS;
  }

  /** The command has ended. */
  ended(): void {
    this.#isRunning = false;
    this.#known = undefined;
  }
}
