// A drive as it is: a sick model that remembers what it was asked. Whoever plays it brings the clock, so the same
// drive serves simulations with a virtual clock and a server in real time.
import { BAD_SECTOR } from "../../../src/map/statuses.ts";
import type { NoAnswer } from "../outages.ts";
import type { SickModel } from "../sick_model.ts";

/** What a read has brought. "no answer": it has failed for another reason than its sectors. "gone": no device there. */
export type Outcome = "data" | "bad sector" | "no answer" | "gone";

/** The end of a read. */
export interface DriveAnswer {
  readonly outcome: Outcome;
  /** Good bytes from the start of the read on; a direct read that is not "data" brings none of them. */
  readonly goodBytes: number;
  readonly tookMs: number;
}

/** Times in which a drive does not answer. */
export interface Silences {
  /** What a read gives that begins at `nowMs`; undefined: the drive answers. */
  meet(nowMs: number): NoAnswer | undefined;
  /** A read of a bad sector has failed. */
  noteFailure(nowMs: number): void;
  /** Somebody opens the drive by the name that it has now. @param isStuck also if it has never gone. */
  reopen(nowMs: number, isStuck?: boolean): void;
}

/** A drive that is as sick as its model, always. Others are derived from it. Times are milliseconds of one clock. */
export class SickDrive {
  readonly model: SickModel;
  readonly #silences: Silences | undefined;

  constructor(model: SickModel, silences?: Silences) {
    this.model = model;
    this.#silences = silences;
  }

  /** One read that begins at `nowMs`. Reads follow one another. */
  read(offset: number, length: number, nowMs: number): DriveAnswer {
    const silence = this.#silences?.meet(nowMs);
    if (silence !== undefined) {
      const outcome = silence.result === 0 ? "gone" : "no answer";
      return { outcome, goodBytes: 0, tookMs: silence.tookMs };
    }
    const goodBytes = this.goodBytes(offset, length);
    const fails = goodBytes < length;
    const tookMs = this.tookMs(offset, length, fails, nowMs);
    const endMs = nowMs + tookMs;
    if (fails) {
      this.#silences?.noteFailure(endMs);
      this.failed(offset + goodBytes, endMs);
    } else {
      this.delivered(offset, length, endMs);
    }
    return { outcome: fails ? "bad sector" : "data", goodBytes, tookMs };
  }

  /** Opens it again by the name that it has now. @param isStuck also if it has never gone. */
  reopen(nowMs: number, isStuck = true): void {
    this.#silences?.reopen(nowMs, isStuck);
  }

  /** Good bytes from `offset` on. */
  protected goodBytes(offset: number, length: number): number {
    return this.model.goodBytes(offset, length);
  }

  protected tookMs(offset: number, length: number, fails: boolean, _nowMs: number): number {
    return this.model.tookMs(offset, length, fails);
  }

  /** A read has failed, first at the sector that begins at `offset`. */
  protected failed(_offset: number, _nowMs: number): void {}

  /** A read has brought its bytes. */
  protected delivered(_offset: number, _length: number, _nowMs: number): void {}

  /** Whether the sector at `offset` can be read at all. */
  isReadable(offset: number): boolean {
    return this.model.truth.at(offset) !== BAD_SECTOR;
  }
}
