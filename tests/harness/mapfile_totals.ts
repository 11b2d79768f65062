// How much of a mapfile has which status.

import type { MapSnapshot } from "../../src/map/map_snapshot.ts";
import { STATUS_COUNT } from "../../src/map/statuses.ts";

/** Bytes of each status, by status number. */
export function mapfileTotals({ positions, statuses, size }: MapSnapshot): number[] {
  const totals = new Array<number>(STATUS_COUNT).fill(0);
  for (let index = 0; index < positions.length; index++) {
    const end = index + 1 < positions.length ? positions[index + 1]! : size;
    totals[statuses[index]!]! += end - positions[index]!;
  }
  return totals;
}
