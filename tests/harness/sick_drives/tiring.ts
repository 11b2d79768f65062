// A drive that gives 10 KB/s after a failing read, until nobody has asked it for anything for some seconds.
import { SickModel, type Timing } from "../sick_model.ts";
import { Random } from "../../model/map_random.ts";
import { SickDrive } from "./sick_drive.ts";

/** How long it must be left alone, milliseconds. */
export const REST_MS = 4000;
/** What it gives while it is tired. */
const TIRED_BYTES_PER_MS = 10;
/** Bad sectors: the first at 2 % of the drive, the others anywhere behind it. */
const BAD_SECTORS = 4;

/** A drive that is slow after a failure until it has rested. */
export class Tiring extends SickDrive {
  #isTired = false;
  #endMs = 0;

  constructor(size: number, seed: number, timing: Timing) {
    super(new SickModel(size, 512, timing));
    const random = new Random(seed);
    this.model.spoilSector(size / 50);
    for (let count = 1; count < BAD_SECTORS; count++) {
      this.model.spoilSector(size / 50 + random.below(size * 49 / 50));
    }
  }

  protected override tookMs(offset: number, length: number, fails: boolean, nowMs: number): number {
    if (nowMs - this.#endMs >= REST_MS) this.#isTired = false;
    const tired = this.#isTired && !fails ? length / TIRED_BYTES_PER_MS : 0;
    const tookMs = super.tookMs(offset, length, fails, nowMs) + tired;
    this.#isTired ||= fails;
    this.#endMs = nowMs + tookMs;
    return tookMs;
  }
}
