// A device that fails as it is told, over an array, and remembers what was read from it.
import type { ReadableDevice } from "../../../src/reader/reader_parts.ts";
import { EINVAL, ENODATA } from "../../../src/sys/errno.ts";
import { copyMemory } from "../../../src/sys/fd.ts";
import { addressOf } from "../../../src/sys/memory.ts";
import { noise } from "../../harness/test_folder.ts";

/** One call of `read`. */
export interface DeviceRead {
  offset: number;
  length: number;
  result: number;
}

/** A device over an array that fails as it is told, and remembers its reads. */
export class SimulatedDevice implements ReadableDevice {
  readonly content: Uint8Array<ArrayBuffer>;
  readonly sectorSize: number;
  /** Indexes of sectors that cannot be read. */
  readonly bad = new Set<number>();
  /** What a bad sector gives; positive. */
  errno = ENODATA;
  /**
   * A buffered device hands out the good sectors before a bad one; a direct one fails as a whole, and
   * takes whole sectors only (O_DIRECT).
   */
  buffered = false;
  /** Most bytes of one read. */
  mostBytes = Infinity;
  /** When set, every read gives this: 0 for a device that has gone, or -errno. */
  override: number | undefined;
  sameMedium = true;
  /** Its medium can be taken out. */
  isDrive = false;
  /** A file that somebody has cut short ends here. */
  cutTo: number | undefined;
  readonly reads: DeviceRead[] = [];
  /** Reads that were made to see whether it answers. */
  readonly checks: DeviceRead[] = [];
  /** How long a read takes, milliseconds. */
  tookMs: (length: number) => number = () => 0;
  /** Goes on with each read. */
  nowMs = 0;
  /** Called while a read is under way. */
  during: ((offset: number, length: number) => void) | undefined;

  constructor(size: number, sectorSize = 512, seed = 1) {
    this.content = noise(size, seed);
    this.sectorSize = sectorSize;
  }

  get size(): number {
    return this.content.length;
  }

  /** Reads that brought nothing. */
  get failingReads(): number {
    return this.reads.filter(({ result }) => result <= 0).length;
  }

  isSameMedium(): boolean {
    return this.sameMedium;
  }

  readPastCaches(address: number, length: number, offset: number): number {
    const result = this.override ?? this.#result(length, offset);
    if (result > 0) copyMemory(address, addressOf(this.content) + offset, result);
    this.checks.push({ offset, length, result });
    return result;
  }

  read(address: number, length: number, offset: number): number {
    this.during?.(offset, length);
    this.nowMs += this.tookMs(length);
    const result = this.override ?? this.#result(length, offset);
    if (result > 0) copyMemory(address, addressOf(this.content) + offset, result);
    this.reads.push({ offset, length, result });
    return result;
  }

  #result(length: number, offset: number): number {
    const { sectorSize } = this;
    if (!this.buffered && (offset % sectorSize !== 0 || length % sectorSize !== 0)) return -EINVAL;
    if (offset >= this.#end) return 0;
    let end = Math.min(offset + length, this.#end, offset + this.mostBytes);
    const first = Math.floor(offset / sectorSize);
    for (let sector = first; sector * sectorSize < end; sector++) {
      if (!this.bad.has(sector)) continue;
      if (!this.buffered || sector === first) return -this.errno;
      end = sector * sectorSize;
    }
    return end - offset;
  }

  /** Where it ends now: it has been cut short, or grown. */
  get #end(): number {
    return this.cutTo ?? this.size;
  }
}
