// Sectors at the ends of a run. Runs of other programs' maps need not begin or end on a sector.
import { alignDown } from "../../base/ranges.ts";

/** Where the sector ends that holds `start`, at most `end`. */
export function firstSectorEnd(start: number, end: number, sectorSize: number): number {
  return Math.min(end, alignDown(start, sectorSize) + sectorSize);
}

/** Where the sector begins that holds the byte before `end`, at least `start`. */
export function lastSectorStart(start: number, end: number, sectorSize: number): number {
  return Math.max(start, alignDown(end - 1, sectorSize));
}
