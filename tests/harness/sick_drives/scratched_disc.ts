// An optical disc with three scratches: each crosses the spiral once a turn, so bursts of bad sectors come at a
// distance that grows slowly outwards, and what lies around a burst is slow.
import { SickModel, type Timing } from "../sick_model.ts";
import { Random } from "../../model/map_random.ts";
import { SickDrive } from "./sick_drive.ts";

const SECTOR = 2048;
/** Where the scratches begin, and how much of the disc each crosses. */
const SCRATCHES = [0.15, 0.45, 0.8];
const CROSSED = 0.015;
/** Sectors of a turn on the innermost track and on the outermost one. */
const INNER_TURN = 24;
const OUTER_TURN = 56;
/** Sectors that are slow on either side of a burst. */
const SLOW_AROUND = 6;

/** Makes the disc. */
export function scratchedDisc(size: number, seed: number, timing: Timing): SickDrive {
  const random = new Random(seed);
  const sectors = Math.floor(size / SECTOR);
  const model = new SickModel(sectors * SECTOR, SECTOR, timing);
  for (const begin of SCRATCHES) {
    const end = Math.floor(sectors * (begin + CROSSED));
    for (let at = Math.floor(sectors * begin); at < end;) {
      const burst = 1 + random.below(4);
      const slowStart = Math.max(0, at - SLOW_AROUND);
      model.slowDown(slowStart * SECTOR, (at + burst + SLOW_AROUND - slowStart) * SECTOR);
      model.spoil(at * SECTOR, burst * SECTOR);
      at += Math.floor(INNER_TURN + (OUTER_TURN - INNER_TURN) * at / sectors) + random.below(3);
    }
  }
  return new SickDrive(model);
}
