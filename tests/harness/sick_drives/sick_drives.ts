// The drives that rescuers are measured and tested on, by name. Seeded: a name, a size and a seed make the same drive
// in every thread.
import { QUICK_DISK, type Timing } from "../sick_model.ts";
import { silentAfterFailures } from "./after_failures.ts";
import { deadHead } from "./dead_head.ts";
import { fewBadSectors } from "./few_bad_sectors.ts";
import { scratchedDisc } from "./scratched_disc.ts";
import type { SickDrive } from "./sick_drive.ts";
import { Tiring } from "./tiring.ts";
import { WeakHead } from "./weak_head.ts";
import { Worsening } from "./worsening.ts";

/** A drive of ten times the speed of a music CD; failing reads are long, and slow ones a tenth. */
const DISC: Timing = { readMs: 1, byteMs: 1 / 1500, failureMs: 150, slowness: 10 };

type Maker = (size: number, seed: number, timing?: Timing) => SickDrive;

const MAKERS = {
  "dead head": (size, seed, timing = QUICK_DISK) => deadHead(size, seed, timing),
  "weak head": (size, seed, timing = QUICK_DISK) => new WeakHead(size, seed, timing),
  "scratched disc": (size, seed, timing = DISC) => scratchedDisc(size, seed, timing),
  "gets worse with each failure": (size, seed, timing = QUICK_DISK) =>
    new Worsening(size, seed, timing),
  "hangs after failures": (size, seed, timing = QUICK_DISK) =>
    silentAfterFailures("hangs", size, seed, timing),
  "fails for a while after failures": (size, seed, timing = QUICK_DISK) =>
    silentAfterFailures("fails for a while", size, seed, timing),
  "fails until reopened": (size, seed, timing = QUICK_DISK) =>
    silentAfterFailures("fails until reopened", size, seed, timing),
  "slow after a failure until rested": (size, seed, timing = QUICK_DISK) =>
    new Tiring(size, seed, timing),
  "three bad sectors": (size, seed, timing = QUICK_DISK) => fewBadSectors(size, seed, timing),
  "vanishes and returns": (size, seed, timing = QUICK_DISK) =>
    silentAfterFailures("vanishes", size, seed, timing),
} satisfies Record<string, Maker>;

export type SickDriveName = keyof typeof MAKERS;
export const SICK_DRIVES = Object.keys(MAKERS) as SickDriveName[];

/** Makes a drive. @param timing undefined: its own. */
export function makeSickDrive(
  name: SickDriveName,
  size: number,
  seed: number,
  timing?: Timing,
): SickDrive {
  return MAKERS[name](size, seed, timing);
}
