// Whole sectors at the ends of a run. Runs of other programs' maps need not begin or end on a sector.
import { alignDown, alignUp } from "../../base/ranges.ts";

/** Where the `bytes` of whole sectors end that begin with the one that holds `start`, at most `end`. */
export function firstSectorsEnd(
  start: number,
  end: number,
  sectorSize: number,
  bytes = sectorSize,
): number {
  return Math.min(end, alignDown(start, sectorSize) + bytes);
}

/** Where the `bytes` of whole sectors begin that end with the one that holds the byte before `end`, at least `start`. */
export function lastSectorsStart(
  start: number,
  end: number,
  sectorSize: number,
  bytes = sectorSize,
): number {
  return Math.max(start, alignUp(end, sectorSize) - bytes);
}
