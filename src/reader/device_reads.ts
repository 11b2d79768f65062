// Reads the device, one read at a time: counts them, learns from them how much the next one may ask for, and
// looks after each whether it is still the same medium. Reader thread only.
import { alignDown, alignUp } from "../base/ranges.ts";
import {
  READER_BUSY_AT,
  READER_BUSY_SINCE,
  READER_DEVICE_BYTES,
  READER_DEVICE_READS,
  READER_FAILED_READS,
  READER_LAST_GOOD,
} from "../shared/shared_state.ts";
import { Pace } from "./pace.ts";
import { GONE, outcomeOf, UNREADABLE } from "../file/read_outcome.ts";
import type { ReaderParts } from "./reader_parts.ts";
import { SliceSize } from "./slice_size.ts";

/** See the head of this file. */
export class DeviceReads {
  readonly pace = new Pace();
  readonly #slice: SliceSize;
  readonly #parts: ReaderParts;
  readonly #lost: () => void;
  readonly #now: () => number;

  /** @param lost called when the medium is no longer the one that was opened; the read brings nothing then. */
  constructor(parts: ReaderParts, lost: () => void) {
    this.#parts = parts;
    this.#lost = lost;
    this.#now = parts.now ?? (() => performance.now());
    this.#slice = new SliceSize(parts.device.sectorSize);
  }

  /** The clock that reads are measured by, milliseconds. */
  get nowMs(): number {
    return this.#now();
  }

  /**
   * Largest read of one turn at the moment, bytes. From a sick device it may take longer than a turn should:
   * smaller reads would fail more often.
   */
  get limit(): number {
    const { isSick, limit } = this.pace;
    return isSick ? limit : Math.min(limit, this.#slice.limit);
  }

  /**
   * One read into the buffer.
   * @param isForFill nobody waits for it.
   * @returns good bytes, or 0 or -errno as the device said.
   */
  read(offset: number, length: number, isForFill = false): number {
    const { device, state, observer } = this.#parts;
    const counters = state.readerCounters;
    const beganMs = this.#now();
    counters[READER_BUSY_AT] = offset;
    counters[READER_BUSY_SINCE] = performance.timeOrigin + beganMs;
    const result = this.#readSectors(offset, length);
    counters[READER_BUSY_SINCE] = 0;
    counters[READER_DEVICE_READS]++;
    if (!device.isSameMedium()) {
      this.#lost();
      return 0;
    }
    if (result > 0) {
      counters[READER_DEVICE_BYTES] += result;
      counters[READER_LAST_GOOD] = offset + result;
      const tookMs = this.#now() - beganMs;
      this.pace.good(result, tookMs);
      this.#slice.good(result, tookMs);
      if (!isForFill) this.#parts.fill?.clientRead(offset + result, result, performance.now());
      return result;
    }
    const outcome = outcomeOf(result);
    if (outcome === GONE) return result;
    counters[READER_FAILED_READS]++;
    if (outcome === UNREADABLE) {
      this.pace.bad();
      if (!isForFill) this.#parts.fill?.clientFailed(performance.now());
    }
    observer.readFailed(offset, length, -result);
    return result;
  }

  /** Reads whole sectors; the device's last one may be a short one. @returns as `read`. */
  #readSectors(offset: number, length: number): number {
    const { device, buffer } = this.#parts;
    const { size, sectorSize } = device;
    const wanted = alignUp(length, sectorSize);
    let count = device.read(buffer.address, wanted, offset);
    // Less than a sector tells nothing of it: what comes behind does.
    for (let more = count; count > 0 && count < sectorSize && offset + count < size;) {
      more = device.read(buffer.address + count, sectorSize - count, offset + count);
      count = more > 0 ? count + more : more;
    }
    if (offset + count >= size) return size - offset;
    return count > 0 ? alignDown(count, sectorSize) : count;
  }
}
