// What the images in a folder know of a device that cannot be read. It identifies the device without reading it.
// Any thread.
import { UserError } from "../base/errors.ts";
import type { Identity } from "../identity/identity.ts";
import { serialWitnesses } from "../identity/identity_evidence.ts";
import type { Mapfile } from "../map/mapfile.ts";
import { FINISHED, NON_TRIED } from "../map/statuses.ts";
import { knownImages } from "./known_images.ts";
import { readMapfile } from "./read_mapfile.ts";

/** Mapfiles that are read at most. */
const MOST_MAPS = 64;

/** Whether bytes may be read: no image that may be of this device calls a sector of them bad. */
export function readableBy(
  folder: string,
  now: Identity,
): (offset: number, length: number) => boolean {
  const maps: Mapfile[] = [];
  for (const { path, identity } of knownImages(folder)) {
    if (maps.length === MOST_MAPS) break;
    const { serial } = serialWitnesses(identity, now);
    const isSize = [...identity.accepted.sizes, identity.size].includes(now.size);
    if (serial.verdict === "differs" || !isSize && serial.verdict !== "agrees") continue;
    const map = mapOf(path);
    if (map !== undefined) maps.push(map);
  }
  return (offset, length) => !maps.some((map) => hasFailed(map, offset, offset + length));
}

function hasFailed({ positions, statuses, size }: Mapfile, start: number, end: number): boolean {
  for (let index = 0; index < positions.length && positions[index]! < end; index++) {
    const status = statuses[index]!;
    const isFailed = status !== FINISHED && status !== NON_TRIED;
    if (isFailed && (positions[index + 1] ?? size) > start) return true;
  }
  return false;
}

/** One that cannot be used says nothing. */
function mapOf(imagePath: string): Mapfile | undefined {
  try {
    return readMapfile(`${imagePath}.map`, () => {});
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}
