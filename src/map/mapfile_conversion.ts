// Between a mapfile and the map in memory.

import { FileMap } from "./file_map.ts";
import type { MapSnapshot } from "./map_snapshot.ts";
import type { Mapfile } from "./mapfile.ts";
import { MapfileError } from "./mapfile_error.ts";
import { FINISHED, NON_TRIED } from "./statuses.ts";

/**
 * The map of a device of `size` bytes as a mapfile tells it. What the mapfile does not speak of has not
 * been tried; what it says of bytes that are not there is dropped.
 * @param path of the mapfile, for messages.
 * @param options `isCut`: finished areas past the end are dropped as well.
 * @throws {MapfileError} when bytes that are not there are marked as rescued: it is another device's.
 * @throws {FileMapFullError} when it has more areas than the system has memory for.
 */
export function fileMapOf(
  mapfile: Mapfile,
  size: number,
  path: string,
  options: { sectorSize?: number; isCut?: boolean } = {},
): FileMap {
  const { positions, statuses } = mapfile;
  const excess = endOfFinished(mapfile) - BigInt(size);
  if (excess > 0n && !options.isCut) {
    throw new MapfileError(
      path,
      undefined,
      `it marks areas as rescued up to ${excess} bytes past the end of the device (${size} bytes)`,
      { hints: ["name the device that this mapfile was made from, or another mapfile"] },
    );
  }
  // Other tools need not keep to sectors.
  const map = FileMap.create(size, {
    ...options.sectorSize === undefined ? {} : { sectorSize: options.sectorSize },
    strayBoundaries: positions.length,
  });
  for (let index = 0; index < positions.length && positions[index] < size; index++) {
    if (statuses[index] === NON_TRIED) continue;
    const end = index + 1 < positions.length ? positions[index + 1] : mapfile.size;
    map.set(positions[index], Math.min(end, size), statuses[index]);
  }
  map.position = Math.min(mapfile.position, size);
  map.phase = mapfile.phase;
  map.pass = mapfile.pass;
  return map;
}

/** A snapshot with its comments and settings, ready to be saved. */
export function mapfileOf(
  snapshot: MapSnapshot,
  comments: readonly string[] = [],
  settings: ReadonlyMap<string, string> = new Map(),
): Mapfile {
  return { ...snapshot, comments, settings };
}

/** Where the last byte ends that the mapfile calls finished; exact also where a number would be rounded. */
export function endOfFinished({ positions, statuses, size, exactEnds }: Mapfile): bigint {
  if (exactEnds !== undefined) return exactEnds.finished;
  const last = statuses.lastIndexOf(FINISHED);
  if (last < 0) return 0n;
  return BigInt(last + 1 < positions.length ? positions[last + 1] : size);
}
