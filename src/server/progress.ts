// Where a run stands, read from shared memory. Main thread; never waits.
import type { FileMap } from "../map/file_map.ts";
import { STATUS_COUNT } from "../map/statuses.ts";
import {
  READER_DEVICE_BYTES,
  READER_DEVICE_READS,
  READER_FAILED_READS,
  SESSION_BYTES,
  type SharedState,
} from "../shared/shared_state.ts";
import type { Progress } from "./events.ts";

export function progressOf(
  map: FileMap,
  state: SharedState,
  clients: number,
  elapsedMs: number,
): Progress {
  return {
    size: map.size,
    totals: Array.from({ length: STATUS_COUNT }, (_, status) => map.total(status)),
    deviceBytes: state.readerCounters[READER_DEVICE_BYTES],
    deviceReads: state.readerCounters[READER_DEVICE_READS],
    failedReads: state.readerCounters[READER_FAILED_READS],
    servedBytes: state.sumOfSessions(SESSION_BYTES),
    clients,
    waiting: state.parkedReads(),
    elapsedMs,
  };
}
