// A few pieces of what an image has already, to compare with the device before the image is trusted.
import { alignUp } from "../base/ranges.ts";
import type { FileMap } from "../map/file_map.ts";
import { FINISHED, maskOf } from "../map/statuses.ts";
import { type Stretch, STRETCH_BYTES, stretchOf } from "../file/identity.ts";
import { pread } from "../sys/fd.ts";

/** How many pieces are worth having: each may have to be read from a sick device. */
const STRETCHES = 4;
/** How many places are looked at for them; blank ones prove nothing. */
const PLACES = 64;

/** Describes up to STRETCHES cached pieces, spread over the device. Reads the image only. */
export function knownStretches(image: number, map: FileMap): Stretch[] {
  const stretches: Stretch[] = [];
  const bytes = new Uint8Array(STRETCH_BYTES);
  for (const offset of places(map)) {
    if (stretches.length === STRETCHES) break;
    if (pread(image, bytes, offset) !== bytes.length) continue;
    const stretch = stretchOf(bytes, offset);
    if (stretch !== undefined) stretches.push(stretch);
  }
  return stretches;
}

/** Offsets of finished pieces: spread evenly first, then the first ones. Looks at each run twice at most. */
function* places(map: FileMap): Generator<number> {
  const seen = new Set<number>();
  const spread = PLACES / 2;
  let offset = -1;
  for (let index = 0; index < spread; index++) {
    const from = Math.floor((map.size / spread) * index);
    // What was found for an earlier place may lie behind this one as well.
    if (offset < from) offset = finishedPiece(map, from);
    if (offset < 0) break;
    if (!seen.has(offset)) yield offset;
    seen.add(offset);
  }
  offset = finishedPiece(map, 0);
  for (let tries = spread; tries < PLACES && offset >= 0; tries++) {
    if (!seen.has(offset)) yield offset;
    offset = finishedPiece(map, offset + STRETCH_BYTES);
  }
}

/** Offset of the first whole finished piece at or behind `from`, or -1. */
function finishedPiece(map: FileMap, from: number): number {
  for (let at = from; at < map.size;) {
    const start = map.find(at, map.size, maskOf(FINISHED));
    const offset = alignUp(start, STRETCH_BYTES);
    if (start < 0 || offset + STRETCH_BYTES > map.size) return -1;
    if (map.isFinished(offset, offset + STRETCH_BYTES)) return offset;
    at = offset + STRETCH_BYTES;
  }
  return -1;
}
