// Snapshots for tests.

import { coarsen } from "../../../src/map/coarse_map.ts";
import { viewOf } from "../../../src/map/map_view.ts";
import type { Progress } from "../../../src/server/events.ts";

const UNTRIED = {
  size: 1000,
  positions: Float64Array.of(0),
  statuses: Uint8Array.of(0),
};

/** A snapshot of a run that has just begun, with some fields changed. */
export function progress(fields: Partial<Progress> = {}): Progress {
  return {
    size: 1000,
    totals: [1000, 0, 0, 0, 0],
    runOut: 0,
    deviceBytes: 0,
    deviceReads: 0,
    failedReads: 0,
    servedBytes: 0,
    clients: 0,
    waiting: 0,
    phase: null,
    pass: 1,
    position: 0,
    lastGood: null,
    reading: null,
    outage: null,
    paused: null,
    resting: null,
    cooling: null,
    elapsedMs: 0,
    mapVersion: 0,
    picture: (cells, start = 0, end = 1000) => coarsen(viewOf(UNTRIED, start, end), cells),
    ...fields,
  };
}
