// What a map adds up to. Pure.

import { endOf, type MapView, OUTSIDE } from "../map/map_view.ts";
import { FINISHED, STATUS_COUNT } from "../map/statuses.ts";

/** An area without data, for any reason; bytes, half-open. */
export interface Hole {
  readonly start: number;
  readonly end: number;
}

/** The sums of a map. Areas outside of its domain do not count. */
export interface MapSummary {
  /** Bytes: the sum of the totals. */
  readonly size: number;
  /** Bytes by status. */
  readonly totals: readonly number[];
  /** Areas by status. */
  readonly counts: readonly number[];
  readonly holeCount: number;
  /** The largest first; the first on the device first among equals. */
  readonly largestHoles: readonly Hole[];
}

/** Adds up a view. @param most how many holes to remember. */
export function summarizeMap(view: MapView, most: number): MapSummary {
  const { positions, statuses, end } = view;
  const totals = new Array<number>(STATUS_COUNT + 1).fill(0);
  const counts = new Array<number>(STATUS_COUNT + 1).fill(0);
  const largest: Hole[] = [];
  let holeCount = 0;
  let holeStart = -1;
  let last = -1;
  let start = view.start;
  for (let extent = 0; extent < positions.length && start < end; extent++) {
    const status = statuses[extent];
    const extentEnd = endOf(view, extent);
    totals[status] += extentEnd - start;
    if (status !== last) counts[status]++;
    const isHole = status !== FINISHED && status !== OUTSIDE;
    if (isHole && holeStart < 0) {
      holeStart = start;
      holeCount++;
    } else if (!isHole && holeStart >= 0) {
      keepLargest(largest, { start: holeStart, end: start }, most);
      holeStart = -1;
    }
    last = status;
    start = extentEnd;
  }
  if (holeStart >= 0) keepLargest(largest, { start: holeStart, end }, most);
  return {
    size: end - view.start - totals[OUTSIDE],
    totals: totals.slice(0, STATUS_COUNT),
    counts: counts.slice(0, STATUS_COUNT),
    holeCount,
    largestHoles: largest,
  };
}

function keepLargest(largest: Hole[], hole: Hole, most: number): void {
  const length = hole.end - hole.start;
  const smaller = largest.findIndex(({ start, end }) => end - start < length);
  if (smaller === -1 && largest.length === most) return;
  largest.splice(smaller === -1 ? largest.length : smaller, 0, hole);
  if (largest.length > most) largest.pop();
}
