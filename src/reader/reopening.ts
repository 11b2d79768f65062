// Opens a disk again that has gone and come back, when it has what the image has of it. The descriptor keeps its
// number, so that whoever uses it needs not know. Reader thread.
import type { Device } from "../device/device.ts";
import type { TryPread } from "../device/file.ts";
import { ReturnedDevice } from "../device/returned_device.ts";
import type { FileMap } from "../map/file_map.ts";
import { FINISHED } from "../map/statuses.ts";
import { isDirect, replaceFd } from "../sys/fd.ts";
import { NativeMemory } from "../sys/memory.ts";
import { isSampleEqual, type Sample, sampleStretches } from "../identity/sample_stretches.ts";

/** Stretches that are compared at most: one must be readable at least, and all that are must be equal. */
const SAMPLES = 4;
const SAMPLE_BYTES = 16_384;

/** What was open. */
export interface Reopened {
  /** As the user has named it. */
  readonly path: string;
  readonly fd: number;
  readonly size: number;
  readonly sectorSize: number;
  readonly map: FileMap;
  readonly image: number;
  readonly tryPread: TryPread;
}

/**
 * Opens a disk again that has gone and come back, if it has the image's bytes. The descriptor keeps
 * its number. To be made while the device is there.
 */
export class Reopening {
  readonly #parts: Reopened;
  readonly #returned: ReturnedDevice;
  /** The path of the device that is open. */
  path: string;

  constructor(parts: Reopened) {
    this.#parts = parts;
    this.#returned = new ReturnedDevice(parts.path, parts.fd);
    this.path = parts.path;
  }

  /** Looks for the device, and opens it in place of the one that has gone. */
  attempt(): void {
    const { fd } = this.#parts;
    const found = this.#returned.find(isDirect(fd), (device) => this.#isSame(device));
    if (found === undefined) return;
    replaceFd(fd, found.fd);
    this.path = found.path;
  }

  #isSame(device: Device): boolean {
    const { size, sectorSize, map, image } = this.#parts;
    if (device.size !== size || sectorSize % device.sectorSize !== 0) return false;
    // Of a device that nothing was read of nothing can be mixed up.
    if (map.total(FINISHED) === 0) return true;
    const samples = sampleStretches(map, image, {
      count: SAMPLES,
      sectorSize,
      length: SAMPLE_BYTES,
    });
    let [equal, telling] = [0, 0];
    for (const sample of samples) {
      const bytes = this.#read(device, sample);
      if (bytes === undefined) continue;
      if (!isSampleEqual(sample, bytes)) return false;
      equal++;
      if (sample.isTelling) telling++;
    }
    return equal > 0 && (telling > 0 || this.#returned.hasName);
  }

  /** @returns undefined when it cannot be read. */
  #read(device: Device, { offset, bytes: { length } }: Sample): Uint8Array | undefined {
    const { sectorSize, tryPread } = this.#parts;
    const wanted = Math.ceil(length / sectorSize) * sectorSize;
    const memory = NativeMemory.allocate(wanted);
    try {
      const count = tryPread(device.fd, memory.address, wanted, offset);
      return count >= length ? memory.bytes.slice(0, length) : undefined;
    } finally {
      memory.release();
    }
  }
}
