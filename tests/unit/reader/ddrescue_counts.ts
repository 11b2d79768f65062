// Failing reads of GNU ddrescue 1.30 on drives with a dead head, by the time that it had saved 90, 99, 99.9,
// 99.99 % and all of the readable bytes. Measured in its test mode, by
//
//   deno run -A tests/bench/dead_heads.ts --json --programs ddrescue --ddrescue ddrescue-1.30 --only NAMES
//
// which counts in the log of: ddrescue -q -f -sSIZE -HBAD --log-reads=LOG -n /dev/zero /dev/null MAP
import {
  type DeadHeadDrive,
  LONG_ZONES,
  SHORT_ZONES,
  TENTH_OF_LARGE_DISK,
} from "../../harness/dead_head_drive.ts";

/** A drive with what ddrescue made of it. */
export const DDRESCUE_COUNTS: readonly (readonly [drive: DeadHeadDrive, counts: number[]])[] = [
  [SHORT_ZONES, [2544, 2816, 3470, 3839, 3876]],
  [LONG_ZONES, [1019, 1120, 1127, 1301, 1449]],
  [TENTH_OF_LARGE_DISK, [547, 621, 640, 640, 800]],
];
