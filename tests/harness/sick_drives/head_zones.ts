// Where the heads of a disk read: zones that follow one another, long on the outer tracks and short on the inner
// ones, head by head, or there and back again (serpentine).
import { alignDown } from "../../../src/base/ranges.ts";

/** Shares of a disk: a zone of the outermost and of the innermost tracks. 160 and 48 MiB of 64 GiB. */
const OUTER_SHARE = 1 / 410;
const INNER_SHARE = 1 / 1365;

/** The geometry of a disk. */
export interface Heads {
  readonly count: number;
  readonly isSerpentine: boolean;
}

/** The zones of `head`: [start, end) in bytes, in whole sectors. */
export function zonesOfHead(
  size: number,
  sectorSize: number,
  head: number,
  { count, isSerpentine }: Heads,
): [start: number, end: number][] {
  const zones: [number, number][] = [];
  for (let start = 0, turn = 0; start < size; turn++) {
    const share = OUTER_SHARE + (INNER_SHARE - OUTER_SHARE) * start / size;
    const end = Math.min(size, start + Math.max(sectorSize, alignDown(size * share, sectorSize)));
    const [round, step] = [Math.floor(turn / count), turn % count];
    const active = isSerpentine && round % 2 === 1 ? count - 1 - step : step;
    if (active === head) zones.push([start, end]);
    start = end;
  }
  return zones;
}
