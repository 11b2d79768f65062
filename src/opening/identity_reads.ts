// The reads that find out which medium this is, and what is remembered of them: nothing is read twice, nothing
// that is known to be bad is read at all, what was read goes into the image, and what failed into the map, once the
// device has proved alive since. The thread that opens the cache; blocks as reads of the device do.
import { alignDown, alignUp } from "../base/ranges.ts";
import type { TryReadBytes } from "../identity/identity.ts";
import { outcomeOf, UNREADABLE } from "../device/read_outcome.ts";
import type { ReadBytes } from "../filesystems/volume.ts";
import type { EarlierFailure } from "../reader/reader_parts.ts";
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

/** An area in whole sectors. */
interface Area {
  readonly start: number;
  readonly end: number;
}

/**
 * The reads that identify a medium, and their results: no sector is read twice, and none that is
 * known to be bad.
 */
export class IdentityReads {
  readonly #read: TryReadBytes;
  readonly #sectorSize: number;
  readonly #size: number;
  readonly #good: { readonly offset: number; readonly bytes: Uint8Array }[] = [];
  readonly #isProof: boolean;
  readonly #failed: EarlierFailure[] = [];
  #failedReads = 0;
  #rereads = 0;
  #failedRereads = 0;
  /** The map of the device, if an earlier run has left one. */
  map: FileMap | undefined;

  /** @param isProof a read that succeeds proves that the device is alive: no cache of the system is read. */
  constructor(read: TryReadBytes, size: number, sectorSize: number, isProof = true) {
    this.#isProof = isProof;
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

  /** Bytes that were read already, without asking the device. */
  readonly recall: ReadBytes = (offset, length) => {
    const end = Math.min(offset + length, this.#size);
    const read = this.#good.find((each) =>
      each.offset <= offset && end <= each.offset + each.bytes.length
    );
    return read?.bytes.subarray(offset - read.offset, end - read.offset);
  };

  /** Reads that have failed, in their order. The reader need not find that out again. */
  get failures(): readonly EarlierFailure[] {
    return this.#failed;
  }

  /**
   * Puts what was learnt into image and map: whole sectors that were read and that the map does not have yet, and
   * what could not be read although the device has answered since, by the reader's rule. What the image has stays as
   * it is. Other failures are the reader's to prove: the device may have stopped answering.
   */
  keep(imageFd: number, map: FileMap): void {
    for (const { offset, bytes } of this.#good) {
      const start = alignUp(offset, this.#sectorSize);
      const readEnd = offset + bytes.length;
      const end = readEnd >= this.#size ? this.#size : alignDown(readEnd, this.#sectorSize);
      if (start >= end) continue;
      for (const area of [...map.ranges(start, end)]) {
        if (area.status === FINISHED) continue;
        pwrite(imageFd, bytes.subarray(area.start - offset, area.end - offset), area.start);
        map.set(area.start, area.end, FINISHED);
      }
    }
    for (const { start, end, isProved } of this.#failed) {
      if (!isProved) continue;
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
      if (this.#isProof) {
        this.#failed.forEach((each, index) => this.#failed[index] = { ...each, isProved: true });
      }
      return result;
    }
    // A device that has gone, or a system without memory, says nothing of sectors.
    if (typeof result === "number" && outcomeOf(result) === UNREADABLE) {
      const area = this.#sectors(offset, length);
      this.#failed.push({ ...area, errno: -result, isProved: false });
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

  #sectors(offset: number, length: number): Area {
    return {
      start: alignDown(offset, this.#sectorSize),
      end: Math.min(alignUp(offset + length, this.#sectorSize), this.#size),
    };
  }
}
