// Where a run stands, read from shared memory. Main thread; never waits.
import { coarsen } from "../map/coarse_map.ts";
import type { FileMap } from "../map/file_map.ts";
import { viewOf } from "../map/map_view.ts";
import { FAILED, maskOf, STATUS_COUNT } from "../map/statuses.ts";
import {
  READER_ATTEMPTS,
  READER_BUSY_AT,
  READER_BUSY_SINCE,
  READER_CELSIUS,
  READER_DEVICE_BYTES,
  READER_DEVICE_READS,
  READER_FAILED_READS,
  READER_IMAGE_ERRNO,
  READER_IMAGE_ROOM,
  READER_LAST_GOOD,
  READER_LIMIT_CELSIUS,
  READER_NEXT_ATTEMPT,
  READER_REST_MS,
  READER_REST_PAYS,
  READER_REST_UNTIL,
  READER_SILENT_SINCE,
  SESSION_BYTES,
  type SharedState,
} from "../shared/shared_state.ts";
import type { DeviceHeat, DeviceOutage, DeviceRest, ImagePause, Progress } from "./events.ts";

/** What is read for the image: where it is, and what it still lacks of what is wanted, bytes. */
export interface ImageWants {
  readonly folder: string;
  readonly needs: number;
}

/**
 * @param isFilling whether the reader fills: then the map's phase says what it does.
 * @param runOutStart behind it are no data: sectors that cannot be read there are no loss.
 * @param wants undefined: there is nothing that is read for an image.
 */
export function progressOf(
  map: FileMap,
  state: SharedState,
  clients: number,
  elapsedMs: number,
  isFilling = false,
  runOutStart = map.size,
  wants?: () => ImageWants,
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
    outage: outageNow(state),
    paused: state.imageSick && wants !== undefined ? pauseNow(state, wants()) : null,
    resting: restNow(state),
    cooling: heatNow(state),
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

function outageNow({ readerCounters }: SharedState): DeviceOutage | null {
  const sinceMs = readerCounters[READER_SILENT_SINCE];
  if (sinceMs === 0) return null;
  const restMs = readerCounters[READER_NEXT_ATTEMPT] - performance.timeOrigin - performance.now();
  const attempts = readerCounters[READER_ATTEMPTS];
  return { sinceMs: Math.round(sinceMs), attempts, restMs: Math.max(0, Math.round(restMs)) };
}

function restNow({ readerCounters }: SharedState): DeviceRest | null {
  const restMs = readerCounters[READER_REST_UNTIL] - performance.timeOrigin - performance.now();
  // A client's read ends a rest, and the fill may not have had a turn since.
  if (restMs <= 0 || readerCounters[READER_BUSY_SINCE] !== 0) return null;
  const ms = readerCounters[READER_REST_MS];
  return { ms, restMs: Math.round(restMs), pays: readerCounters[READER_REST_PAYS] === 1 };
}

function heatNow({ readerCounters }: SharedState): DeviceHeat | null {
  const limitCelsius = readerCounters[READER_LIMIT_CELSIUS];
  return limitCelsius === 0 ? null : { celsius: readerCounters[READER_CELSIUS], limitCelsius };
}

function pauseNow({ readerCounters }: SharedState, wants: ImageWants): ImagePause {
  const errno = readerCounters[READER_IMAGE_ERRNO];
  return { errno, ...wants, has: readerCounters[READER_IMAGE_ROOM] };
}

function unreadableBytes(map: FileMap, from: number): number {
  let bytes = 0;
  for (const { start, end, status } of map.ranges(from)) {
    if ((maskOf(status) & FAILED) !== 0) bytes += end - start;
  }
  return bytes;
}
