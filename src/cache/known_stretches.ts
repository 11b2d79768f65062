// A few pieces of what an image has already, to compare with the device before the image is trusted.
import type { FileMap } from "../map/file_map.ts";
import { FINISHED } from "../map/statuses.ts";
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

/** Offsets of finished pieces: spread evenly first, then the starts of the first runs. */
function* places(map: FileMap): Generator<number> {
  const seen = new Set<number>();
  const spread = PLACES / 2;
  for (let index = 0; index < spread; index++) {
    const from = Math.floor((map.size / spread) * index);
    const offset = finishedPiece(map, from);
    if (offset >= 0 && !seen.has(offset)) yield offset;
    seen.add(offset);
  }
  for (let from = 0, tries = spread; tries < PLACES; tries++) {
    const offset = finishedPiece(map, from);
    if (offset < 0) return;
    if (!seen.has(offset)) yield offset;
    from = offset + STRETCH_BYTES;
  }
}

/** Offset of the first whole finished piece at or behind `from`, or -1. */
function finishedPiece(map: FileMap, from: number): number {
  for (let at = from;;) {
    const start = map.find(at, map.size, 1 << FINISHED);
    if (start < 0) return -1;
    const offset = Math.ceil(start / STRETCH_BYTES) * STRETCH_BYTES;
    if (offset + STRETCH_BYTES > map.size) return -1;
    if (map.isFinished(offset, offset + STRETCH_BYTES)) return offset;
    at = offset + STRETCH_BYTES;
    if (at >= map.size) return -1;
  }
}
