// What an image has, read as a device is: nothing where the map does not call it finished. Any thread; blocks as
// reads of the image do.
import type { ReadBytes } from "../identity/volume.ts";
import type { FileMap } from "../map/file_map.ts";
import { pread } from "../sys/fd.ts";

/** A reader of the image; undefined where bytes of the range are missing. @param image an open descriptor. */
export function imageReader(map: FileMap, image: number): ReadBytes {
  return (offset, length) => {
    const end = Math.min(offset + length, map.size);
    if (offset >= end || !map.isFinished(offset, end)) return undefined;
    const bytes = new Uint8Array(end - offset);
    return pread(image, bytes, offset) === bytes.length ? bytes : undefined;
  };
}
