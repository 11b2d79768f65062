// A map for another attempt: with another drive, another copy, or after the drive has cooled down.
import type { FileMap } from "./file_map.ts";
import { FINISHED, NON_TRIED } from "./statuses.ts";

/** Makes unreadable areas non-tried, and restarts the rescue at its first pass. Writer only. */
export function forgetFailures(map: FileMap): void {
  for (const { start, end, status } of map.ranges()) {
    if (status !== FINISHED && status !== NON_TRIED) map.set(start, end, NON_TRIED);
  }
  if (map.total(FINISHED) === map.size) return;
  map.phase = "?";
  map.pass = 1;
  map.position = 0;
}
