// Drives that stop answering when some reads have failed: the next read hangs and then fails, or every read fails
// for a while, or every read fails until somebody opens the drive again, or the drive is gone and comes back under
// another name.
import { EIO } from "../../../src/sys/errno.ts";
import type { NoAnswer } from "../outages.ts";
import { SickModel, type Timing } from "../sick_model.ts";
import { SickDrive, type Silences } from "./sick_drive.ts";

/** Failing reads between two silences, and how long one is, milliseconds. */
export const FAILURES = 8;
export const SILENT_MS = 4000;

/** How such a drive behaves. */
export type AfterFailures = "hangs" | "fails for a while" | "fails until reopened" | "vanishes";

/** A drive that falls silent after each FAILURES failing reads. */
export class SilencesAfterFailures implements Silences {
  readonly #how: AfterFailures;
  readonly #failureMs: number;
  #failures = 0;
  #silentUntilMs = 0;
  #isStuck = false;

  constructor(how: AfterFailures, failureMs: number) {
    this.#how = how;
    this.#failureMs = failureMs;
  }

  meet(nowMs: number): NoAnswer | undefined {
    const isSilent = nowMs < this.#silentUntilMs;
    if (!isSilent && !this.#isStuck) return undefined;
    switch (this.#how) {
      case "hangs":
        return { result: -EIO, tookMs: this.#silentUntilMs - nowMs };
      case "vanishes":
        return { result: 0, tookMs: 0.01 };
      default:
        return { result: -EIO, tookMs: this.#failureMs };
    }
  }

  noteFailure(nowMs: number): void {
    if (++this.#failures % FAILURES !== 0) return;
    this.#isStuck = this.#how === "fails until reopened" || this.#how === "vanishes";
    if (this.#how !== "fails until reopened") this.#silentUntilMs = nowMs + SILENT_MS;
  }

  reopen(nowMs: number, isStuck = true): void {
    if (this.#how === "fails until reopened" && !isStuck) return;
    if (nowMs >= this.#silentUntilMs) this.#isStuck = false;
  }
}

/** Makes a drive with scattered bad sectors that behaves so. */
export function silentAfterFailures(
  how: AfterFailures,
  size: number,
  seed: number,
  timing: Timing,
): SickDrive {
  const model = SickModel.make("scattered", size, seed, { timing });
  return new SickDrive(model, new SilencesAfterFailures(how, timing.failureMs));
}
