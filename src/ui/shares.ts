// The three numbers that matter of a run.

import { BAD_SECTOR, FINISHED } from "../map/statuses.ts";
import type { Progress } from "../server/events.ts";

/** Bytes; they add up to the size of the device, less the run-out, which holds no data. */
export interface Shares {
  /** In the image. */
  readonly cached: number;
  /** Tried alone and unreadable. */
  readonly bad: number;
  /** Everything else, tried or not. */
  readonly missing: number;
}

/** Sums the statuses up. */
export function shares(
  { size, totals, runOut }: Pick<Progress, "size" | "totals" | "runOut">,
): Shares {
  const cached = totals[FINISHED] ?? 0;
  // Sectors of a run-out are bad in the map as soon as they have been tried alone.
  const bad = Math.max(0, (totals[BAD_SECTOR] ?? 0) - runOut);
  return { cached, bad, missing: Math.max(0, size - runOut - cached - bad) };
}

/** Whether all the data there are have been read. */
export function isComplete(progress: Progress): boolean {
  const { bad, missing } = shares(progress);
  return progress.size > 0 && bad === 0 && missing === 0;
}
