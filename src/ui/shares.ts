// The three numbers that matter of a run, and shares as percentages.

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

/** `24.5%`; "100%" only when nothing is missing and "0%" only when nothing is there. */
export function formatPercent(part: number, whole: number): string {
  if (part <= 0 || whole <= 0) return "0%";
  if (part >= whole) return "100%";
  const text = (part / whole * 100).toFixed(1);
  if (text === "0.0") return "<0.1%";
  return text === "100.0" ? ">99.9%" : `${text}%`;
}
