// The three numbers that matter of a run.

import { BAD_SECTOR, FINISHED } from "../map/statuses.ts";
import type { Progress } from "../server/events.ts";

/** Bytes; they add up to the size of the device. */
export interface Shares {
  /** In the image. */
  readonly cached: number;
  /** Tried alone and unreadable. */
  readonly bad: number;
  /** Everything else, tried or not. */
  readonly missing: number;
}

/** Sums the statuses up. */
export function shares({ size, totals }: Pick<Progress, "size" | "totals">): Shares {
  const cached = totals[FINISHED] ?? 0;
  const bad = totals[BAD_SECTOR] ?? 0;
  return { cached, bad, missing: Math.max(0, size - cached - bad) };
}
