// What an image has, read as a device is: nothing where the map does not call it finished. Any thread; blocks as
// reads of the image do.
import type { ReadBytes } from "../filesystems/volume.ts";
import type { FileMap } from "../map/file_map.ts";
import { pread } from "../sys/fd.ts";

/** A reader of the image; undefined where bytes of the range are missing. @param imageFd an open descriptor. */
export function imageReader(map: FileMap, imageFd: number): ReadBytes {
  return (offset, length) => {
    const end = Math.min(offset + length, map.size);
    if (offset >= end || !map.isFinished(offset, end)) return undefined;
    const bytes = new Uint8Array(end - offset);
    return pread(imageFd, bytes, offset) === bytes.length ? bytes : undefined;
  };
}

/** Differing bytes with fewer equal ones between them are one difference. */
const GAP_BYTES = 16;

/** Where two pieces of the same length differ; `offset` is where they begin on the device. */
export function differingRanges(
  one: Uint8Array,
  other: Uint8Array,
  offset: number,
): { start: number; end: number }[] {
  const ranges: { start: number; end: number }[] = [];
  for (let at = 0; at < one.length; at++) {
    if (one[at] === other[at]) continue;
    const start = offset + at;
    const last = ranges.at(-1);
    if (last !== undefined && start - last.end < GAP_BYTES) last.end = start + 1;
    else ranges.push({ start, end: start + 1 });
  }
  return ranges;
}
