// Times in which a served disk does not answer, as a test or a benchmark plans them: from its first read on, or after failures.
import { EIO } from "../../src/sys/errno.ts";
import type { NoAnswer } from "./outages.ts";
import type { Silences } from "./sick_drives/sick_drive.ts";

/** When the disk does not answer, each time for `ms` milliseconds. */
export interface ServedOutage {
  readonly ms: number;
  /** After each so many reads of bad sectors. */
  readonly failures?: number;
  /** Times since the first read, milliseconds. */
  readonly startsMs?: readonly number[];
  /** All reads fail; the next read fails at the end of the outage; or the disk is not there. Default: it fails. */
  readonly how?: "fails" | "hangs" | "vanishes";
}

/** The silences of a planned outage. One that has the disk vanish is carried out by whoever attaches it. */
export class ServedSilences implements Silences {
  readonly #outage: ServedOutage;
  readonly #failureMs: number;
  #firstMs: number | undefined;
  #failures = 0;
  #silentUntilMs = 0;

  constructor(outage: ServedOutage, failureMs: number) {
    this.#outage = outage;
    this.#failureMs = failureMs;
  }

  meet(nowMs: number): NoAnswer | undefined {
    const firstMs = this.#firstMs ??= nowMs;
    const { startsMs = [], ms, how } = this.#outage;
    if (how === "vanishes") return undefined;
    const start = startsMs.find((start) => {
      const sinceMs = nowMs - firstMs - start;
      return 0 <= sinceMs && sinceMs < ms;
    });
    const endMs = start === undefined ? this.#silentUntilMs : firstMs + start + ms;
    if (nowMs >= endMs) return undefined;
    return { result: -EIO, tookMs: how === "hangs" ? endMs - nowMs : this.#failureMs };
  }

  noteFailure(nowMs: number): void {
    const { failures, ms } = this.#outage;
    if (failures !== undefined && ++this.#failures % failures === 0) {
      this.#silentUntilMs = nowMs + ms;
    }
  }

  reopen(): void {}
}
