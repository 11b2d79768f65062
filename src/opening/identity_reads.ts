// The reads that find out which medium this is, and what is remembered of them: nothing is read twice, nothing
// that is known to be bad is read at all, what was read goes into the image, and what failed into the map. The
// thread that opens the cache; blocks as reads of the device do.
import { alignDown, alignUp } from "../base/ranges.ts";
import type { TryReadBytes } from "../identity/identity.ts";
import { outcomeOf, UNREADABLE } from "../device/read_outcome.ts";
import type { ReadBytes } from "../identity/volume.ts";
import type { FileMap } from "../map/file_map.ts";
import { BAD_SECTOR, FAILED, FINISHED, NON_TRIED, NON_TRIMMED } from "../map/statuses.ts";
import { pwrite } from "../sys/fd.ts";

/** Of what the image has already, so many stretches are read again, until one fails: a sick disk can bear that. */
export const MAX_REREADS = 8;
export const MAX_FAILED_REREADS = 1;
/** Of what has never been tried: what these bring is kept, so each costs nothing that is not to be paid anyway. */
const MAX_FAILED_READS = 1;

/** How many places `readWitnesses` reads: more than prove a medium, as some may be blank. */
const PLACES = 5;
/** Above the largest sector: each place begins with one. */
const PLACE_BYTES = 65_536;

/** An area that could not be read as a whole, in whole sectors. */
export interface FailedArea {
  readonly start: number;
  readonly end: number;
}

/** See the head of this file. */
export class IdentityReads {
  readonly #read: TryReadBytes;
  readonly #sectorSize: number;
  readonly #size: number;
  readonly #good: { readonly offset: number; readonly bytes: Uint8Array }[] = [];
  readonly #failed: FailedArea[] = [];
  #failedReads = 0;
  #rereads = 0;
  #failedRereads = 0;
  /** What is known of the device; undefined: nothing. */
  map: FileMap | undefined;

  constructor(read: TryReadBytes, size: number, sectorSize: number) {
    this.#read = read;
    this.#size = size;
    this.#sectorSize = sectorSize;
  }

  /** Reads what has not been tried yet; undefined where it cannot be read, or was read in vain before. */
  readonly read: ReadBytes = (offset, length) => {
    const known = this.recall(offset, length);
    if (known !== undefined) return known;
    if (this.#failedReads >= MAX_FAILED_READS || !this.#isAllowed(offset, length)) return undefined;
    const bytes = this.#try(offset, length);
    if (bytes === undefined) this.#failedReads++;
    return bytes;
  };

  /** Reads again what the image has; undefined where it cannot be read, or enough has been read. */
  readonly reread: ReadBytes = (offset, length) => {
    const known = this.recall(offset, length);
    if (known !== undefined) return known;
    if (this.#isSpent || !this.#isAllowed(offset, length)) return undefined;
    const bytes = this.#try(offset, length);
    if (bytes === undefined) this.#failedRereads++;
    else this.#rereads++;
    return bytes;
  };

  /** False when enough has been read again, and these bytes are not among it. */
  mayReread(offset: number, length: number): boolean {
    return !this.#isSpent || this.recall(offset, length) !== undefined;
  }

  get #isSpent(): boolean {
    return this.#rereads >= MAX_REREADS || this.#failedRereads >= MAX_FAILED_REREADS;
  }

  /** Reads a little here and there, as the image may have nothing but the start, which many media share. */
  readWitnesses(map: FileMap): void {
    for (let place = 1; place <= PLACES; place++) {
      const offset = alignDown(Math.floor((map.size / (PLACES + 1)) * place), PLACE_BYTES);
      const end = Math.min(offset + PLACE_BYTES, map.size);
      if (!map.isFinished(offset, end)) this.read(offset, end - offset);
    }
  }

  /** What has been read already, without asking the device. */
  readonly recall: ReadBytes = (offset, length) => {
    const end = Math.min(offset + length, this.#size);
    const read = this.#good.find((each) =>
      each.offset <= offset && end <= each.offset + each.bytes.length
    );
    return read?.bytes.subarray(offset - read.offset, end - read.offset);
  };

  /** Wide reads that failed, of which no sector is known to be bad: none as wide is to be tried again. */
  get wideFailures(): readonly FailedArea[] {
    return this.#failed.filter(({ start, end }) => end - start > this.#sectorSize);
  }

  /**
   * Puts what was learnt into image and map: whole sectors that were read and that the map does not have yet, and
   * what could not be read, by the reader's rule. What the image has stays as it is.
   */
  keep(image: number, map: FileMap): void {
    for (const { offset, bytes } of this.#good) {
      const start = alignUp(offset, this.#sectorSize);
      const readEnd = offset + bytes.length;
      const end = readEnd >= this.#size ? this.#size : alignDown(readEnd, this.#sectorSize);
      if (start >= end) continue;
      for (const area of [...map.ranges(start, end)]) {
        if (area.status === FINISHED) continue;
        pwrite(image, bytes.subarray(area.start - offset, area.end - offset), area.start);
        map.set(area.start, area.end, FINISHED);
      }
    }
    for (const { start, end } of this.#failed) {
      const isAlone = end - start <= this.#sectorSize;
      for (const area of [...map.ranges(start, end)]) {
        const isNews = isAlone ? area.status !== FINISHED : area.status === NON_TRIED;
        if (isNews) map.set(area.start, area.end, isAlone ? BAD_SECTOR : NON_TRIMMED);
      }
    }
  }

  #try(offset: number, length: number): Uint8Array | undefined {
    const result = this.#read(offset, length);
    if (typeof result !== "number" && result.length > 0) {
      this.#good.push({ offset, bytes: result });
      return result;
    }
    // A device that has gone, or a system without memory, says nothing of sectors.
    if (typeof result === "number" && outcomeOf(result) === UNREADABLE) {
      this.#failed.push(this.#sectors(offset, length));
    }
    return undefined;
  }

  /** False where a sector is known to be bad, from an earlier run or from a moment ago. */
  #isAllowed(offset: number, length: number): boolean {
    const { start, end } = this.#sectors(offset, length);
    if (this.#failed.some((area) => area.start < end && start < area.end)) return false;
    const { map } = this;
    if (map === undefined || start >= map.size) return true;
    return map.find(start, Math.min(end, map.size), FAILED) < 0;
  }

  #sectors(offset: number, length: number): FailedArea {
    return {
      start: alignDown(offset, this.#sectorSize),
      end: Math.min(alignUp(offset + length, this.#sectorSize), this.#size),
    };
  }
}
