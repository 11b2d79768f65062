// Remembers what identification reads from the device, so that those bytes go into the image and are not
// read again. Main thread, before the reader starts.
import type { FileMap } from "../map/file_map.ts";
import { FINISHED } from "../map/statuses.ts";
import { pwrite } from "../sys/fd.ts";
import type { ReadBytes } from "../file/volume.ts";

/** Reads and their results, in the order in which they were made. */
export class RecordedReads {
  readonly #read: ReadBytes;
  readonly #sectorSize: number;
  readonly #size: number;
  readonly #reads: { offset: number; bytes: Uint8Array }[] = [];

  constructor(read: ReadBytes, size: number, sectorSize: number) {
    this.#read = read;
    this.#size = size;
    this.#sectorSize = sectorSize;
  }

  /** Reads from the device; undefined where it cannot be read. */
  readonly read: ReadBytes = (offset, length) => {
    const bytes = this.#read(offset, length);
    if (bytes !== undefined && bytes.length > 0) this.#reads.push({ offset, bytes });
    return bytes;
  };

  /** Puts the whole sectors that were read, and that the map does not have yet, into image and map. */
  keep(image: number, map: FileMap): void {
    for (const { offset, bytes } of this.#reads) {
      const start = Math.ceil(offset / this.#sectorSize) * this.#sectorSize;
      const readEnd = offset + bytes.length;
      const end = readEnd >= this.#size ? this.#size : readEnd - (readEnd % this.#sectorSize);
      if (start >= end || map.isFinished(start, end)) continue;
      pwrite(image, bytes.subarray(start - offset, end - offset), start);
      map.set(start, end, FINISHED);
    }
  }
}
