// Snapshots for tests.

import type { Progress } from "../../../src/server/events.ts";

/** A snapshot of a run that has just begun, with some fields changed. */
export function progress(fields: Partial<Progress> = {}): Progress {
  return {
    size: 1000,
    totals: [1000, 0, 0, 0, 0],
    deviceBytes: 0,
    deviceReads: 0,
    failedReads: 0,
    servedBytes: 0,
    clients: 0,
    waiting: 0,
    elapsedMs: 0,
    ...fields,
  };
}
