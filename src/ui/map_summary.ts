// What a map adds up to. Pure.

import { FINISHED, STATUS_COUNT } from "../map/statuses.ts";
import type { Area } from "./map_picture.ts";

/** A stretch without data, whatever the reason; bytes, half-open. */
export interface Hole {
  readonly start: number;
  readonly end: number;
}

/** The sums of a map. */
export interface MapSummary {
  /** Bytes by status. */
  readonly totals: readonly number[];
  /** Areas by status. */
  readonly counts: readonly number[];
  readonly holeCount: number;
  /** The largest first; the first on the device first among equals. */
  readonly largestHoles: readonly Hole[];
}

/**
 * Adds up a map.
 * @param areas ascending and touching.
 * @param most how many holes to remember.
 */
export function summarizeMap(areas: Iterable<Area>, most: number): MapSummary {
  const totals = new Array<number>(STATUS_COUNT).fill(0);
  const counts = new Array<number>(STATUS_COUNT).fill(0);
  const largest: Hole[] = [];
  let holeCount = 0;
  let hole: { start: number; end: number } | undefined;
  const close = () => {
    if (hole !== undefined) keepLargest(largest, hole, most);
    hole = undefined;
  };
  for (const { start, end, status } of areas) {
    if (end <= start) continue;
    totals[status] += end - start;
    counts[status]++;
    if (status === FINISHED) {
      close();
    } else if (hole === undefined) {
      hole = { start, end };
      holeCount++;
    } else {
      hole.end = end;
    }
  }
  close();
  return { totals, counts, holeCount, largestHoles: largest };
}

function keepLargest(largest: Hole[], hole: Hole, most: number): void {
  const length = hole.end - hole.start;
  const smaller = largest.findIndex(({ start, end }) => end - start < length);
  largest.splice(smaller === -1 ? largest.length : smaller, 0, hole);
  if (largest.length > most) largest.pop();
}
