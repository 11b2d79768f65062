// Reads the device, one read at a time: counts them, learns from them how much the next one may ask for and whether
// the device answers, and looks after each whether it is still the same medium. What the image could not take is
// read from memory instead. Reader thread only.
import { alignDown, alignUp } from "../base/ranges.ts";
import {
  READER_BUSY_AT,
  READER_BUSY_SINCE,
  READER_DEVICE_BYTES,
  READER_DEVICE_READS,
  READER_FAILED_READS,
  READER_LAST_GOOD,
} from "../shared/shared_state.ts";
import { ENODATA } from "../sys/errno.ts";
import { DeviceHealth, type HealthFollower, type Probed } from "./device_health.ts";
import type { ProbeSector } from "./known_sectors.ts";
import { Pace } from "./pace.ts";
import { GONE, outcomeOf, UNREADABLE } from "../device/read_outcome.ts";
import type { ReadableDevice, ReaderParts } from "./reader_parts.ts";
import { SliceSize } from "./slice_size.ts";
import { SlowFailures } from "./slow_failures.ts";

type Read = ReadableDevice["read"];

/**
 * Makes the device reads, one at a time: counts them, adapts their size, and checks the medium
 * after each. Reader thread only.
 */
export class DeviceReads {
  readonly pace = new Pace();
  readonly health: DeviceHealth;
  readonly #slice: SliceSize;
  readonly #slowFailures = new SlowFailures();
  readonly #parts: ReaderParts;
  readonly #lost: () => void;
  readonly #now: () => number;
  readonly #read: Read;
  #isLost = false;
  /** How long the last read took, milliseconds. */
  #tookMs = 0;
  #endedMs = 0;

  /**
   * @param lost called when the medium is no longer the one that was opened; the read brings nothing then.
   * @param follower hears whether failures of reads count.
   */
  constructor(parts: ReaderParts, lost: () => void, follower: HealthFollower) {
    this.#parts = parts;
    this.#lost = lost;
    this.#now = parts.now ?? (() => performance.now());
    this.#slice = new SliceSize(parts.device.sectorSize);
    this.#read = (...args) => parts.device.read(...args);
    this.health = new DeviceHealth({
      map: parts.map,
      sectorSize: parts.device.sectorSize,
      unproved: parts.publisher.unproved,
      now: this.#now,
      probe: (sector) => this.#probe(sector),
      reopen: (isStuck) => parts.device.reopen?.(isStuck),
      follower,
    });
  }

  /** The clock that reads are measured by, milliseconds. */
  get nowMs(): number {
    return this.#now();
  }

  /** How long the device has been left alone, milliseconds. */
  get idleMs(): number {
    return this.#now() - this.#endedMs;
  }

  /**
   * Largest read of one turn at the moment, bytes. From a sick device it may take longer than a turn should:
   * smaller reads would fail more often.
   */
  get limit(): number {
    const { isSick, limit } = this.pace;
    return isSick ? limit : Math.min(limit, this.#slice.limit);
  }

  /** Cuts [start, end) short where bytes begin that are in memory already. */
  endBeforeHeld(start: number, end: number): number {
    const { held } = this.#parts.publisher;
    return held.isEmpty ? end : held.endBefore(start, end);
  }

  /**
   * One read into the buffer.
   * @param isForFill no client waits for it.
   * @returns good bytes, or 0 or -errno as the device said.
   */
  read(offset: number, length: number, isForFill = false): number {
    const { publisher: { held }, buffer, fill, device, state } = this.#parts;
    if (!held.isEmpty) {
      const count = held.copyTo(buffer.address, offset, length);
      if (count > 0) return count;
    }
    let result = this.#readDevice(offset, length, this.#read);
    if (outcomeOf(result) === UNREADABLE && this.#slowFailures.isSuspect(this.#tookMs)) {
      result = this.#readDevice(offset, length, this.#read);
    }
    if (this.#isLost) return 0;
    if (result > 0) {
      state.readerCounters[READER_LAST_GOOD] = offset + result;
      this.health.good(offset, !device.isCached);
      this.pace.good(result, this.#tookMs);
      this.#slice.good(result, this.#tookMs);
      if (!isForFill) fill?.clientRead(offset + result, result, performance.now());
    } else if (outcomeOf(result) === UNREADABLE) {
      this.#slowFailures.believe(this.#tookMs);
      this.health.bad(result === -ENODATA);
      this.pace.bad();
      if (!isForFill) fill?.clientFailed(length, performance.now());
    }
    return result;
  }

  /** A read to find out whether the device answers. Bytes that the image lacks are kept. */
  #probe({ offset, from }: ProbeSector): Probed {
    const { device, buffer, publisher } = this.#parts;
    const length = Math.min(device.sectorSize, device.size - offset);
    const past = device.readPastCaches?.bind(device);
    const result = this.#readDevice(offset, length, past ?? this.#read);
    if (this.#isLost || result < length) return result === -ENODATA ? "medium error" : "failed";
    if (from === "untried") publisher.publish(buffer.address, offset, length);
    return "good";
  }

  #readDevice(offset: number, length: number, read: Read): number {
    const { device, state, observer } = this.#parts;
    const counters = state.readerCounters;
    const beganMs = this.#now();
    counters[READER_BUSY_AT] = offset;
    counters[READER_BUSY_SINCE] = performance.timeOrigin + beganMs;
    const result = this.#readSectors(offset, length, read);
    counters[READER_BUSY_SINCE] = 0;
    counters[READER_DEVICE_READS]++;
    this.#endedMs = this.#now();
    this.#tookMs = this.#endedMs - beganMs;
    if (!device.isSameMedium()) {
      this.#isLost = true;
      this.#lost();
      return 0;
    }
    if (result > 0) {
      counters[READER_DEVICE_BYTES] += result;
    } else if (outcomeOf(result) !== GONE) {
      counters[READER_FAILED_READS]++;
      observer.readFailed(offset, length, -result);
    }
    return result;
  }

  /** Reads whole sectors; the device's last one may be a short one. @returns as `read`. */
  #readSectors(offset: number, length: number, read: Read): number {
    const { device, buffer } = this.#parts;
    const { size, sectorSize } = device;
    const wanted = alignUp(length, sectorSize);
    let count = read(buffer.address, wanted, offset);
    // Less than a sector tells nothing of it: what comes behind does.
    for (let more = count; count > 0 && count < sectorSize && offset + count < size;) {
      more = read(buffer.address + count, sectorSize - count, offset + count);
      count = more > 0 ? count + more : more;
    }
    if (offset + count >= size) return size - offset;
    return count > 0 ? alignDown(count, sectorSize) : count;
  }
}
