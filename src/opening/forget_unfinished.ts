// A run that wrote to the device and ended in the middle (see write_intents.ts): what the image has of the regions
// that were being written to is not relied upon any more. The thread that opens the cache.
import { formatSize } from "../base/sizes.ts";
import type { FileMap } from "../map/file_map.ts";
import { FINISHED, NON_TRIED } from "../map/statuses.ts";
import { intentsPathOf, unfinishedRegions } from "../reader/write_intents.ts";

/**
 * Takes it out of the map.
 * @returns true when there was such a run: what was known of the device's start is not to be relied upon either.
 * @throws {UserError} when there is a record that cannot be understood.
 */
export function forgetUnfinished(
  map: FileMap,
  imagePath: string,
  warn: (message: string, hints: readonly string[]) => void,
): boolean {
  const regions = unfinishedRegions(intentsPathOf(imagePath), map.size);
  if (regions === undefined) return false;
  let bytes = 0;
  for (const { start, end } of regions) {
    for (const area of [...map.ranges(start, end)]) {
      if (area.status !== FINISHED) continue;
      map.set(area.start, area.end, NON_TRIED);
      bytes += area.end - area.start;
    }
  }
  if (bytes === 0) return true;
  map.phase = "?";
  map.pass = 1;
  map.position = 0;
  warn(
    `an earlier run was writing to the device when it ended: ${formatSize(bytes)} of the image ` +
      `count as not tried`,
    ["they are read from the device again"],
  );
  return true;
}
