// Where a run stands, read from shared memory. Main thread; never waits.
import { coarsen } from "../map/coarse_map.ts";
import type { FileMap } from "../map/file_map.ts";
import { viewOf } from "../map/map_view.ts";
import { BAD_SECTOR, maskOf, NON_SCRAPED, NON_TRIMMED, STATUS_COUNT } from "../map/statuses.ts";
import {
  READER_BUSY_AT,
  READER_BUSY_SINCE,
  READER_DEVICE_BYTES,
  READER_DEVICE_READS,
  READER_FAILED_READS,
  READER_LAST_GOOD,
  SESSION_BYTES,
  type SharedState,
} from "../shared/shared_state.ts";
import type { Progress } from "./events.ts";

/** Statuses of what was tried and could not be read. */
const UNREADABLE = maskOf(BAD_SECTOR) | maskOf(NON_TRIMMED) | maskOf(NON_SCRAPED);

/**
 * @param isFilling whether the reader reads what nobody has asked for: the map's phase is what it does.
 * @param runOutStart behind it are no data: what cannot be read there is no loss.
 */
export function progressOf(
  map: FileMap,
  state: SharedState,
  clients: number,
  elapsedMs: number,
  isFilling = false,
  runOutStart = map.size,
): Progress {
  return {
    size: map.size,
    totals: Array.from({ length: STATUS_COUNT }, (_, status) => map.total(status)),
    runOut: unreadableBytes(map, runOutStart),
    deviceBytes: state.readerCounters[READER_DEVICE_BYTES],
    deviceReads: state.readerCounters[READER_DEVICE_READS],
    failedReads: state.readerCounters[READER_FAILED_READS],
    servedBytes: state.sumOfSessions(SESSION_BYTES),
    clients,
    waiting: state.parkedReads(),
    phase: isFilling ? map.phase : null,
    pass: map.pass,
    position: state.readerCounters[READER_BUSY_AT],
    lastGood: state.readerCounters[READER_LAST_GOOD] || null,
    reading: readingNow(state),
    elapsedMs,
    mapVersion: map.version,
    picture: (cells, start, end) => coarsen(viewOf(map.snapshot(), start, end), cells),
  };
}

function readingNow({ readerCounters }: SharedState): Progress["reading"] {
  const since = readerCounters[READER_BUSY_SINCE];
  if (since === 0) return null;
  const ms = performance.timeOrigin + performance.now() - since;
  return { offset: readerCounters[READER_BUSY_AT], ms: Math.max(0, Math.round(ms)) };
}

function unreadableBytes(map: FileMap, from: number): number {
  let bytes = 0;
  for (const { start, end, status } of map.ranges(from)) {
    if ((maskOf(status) & UNREADABLE) !== 0) bytes += end - start;
  }
  return bytes;
}
