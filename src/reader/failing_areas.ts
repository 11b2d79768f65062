// Failing areas of the device: marks what a failed read means for the map, and steps the rescues that read around the
// failure. The reader says whose turn it is; rescue.ts decides what a rescue reads. Reader thread only.
import { alignUp } from "../base/ranges.ts";
import { BAD_SECTOR, NON_SCRAPED, NON_TRIED, NON_TRIMMED } from "../map/statuses.ts";
import { outcomeOf, UNREADABLE } from "../device/read_outcome.ts";
import { ENODATA } from "../sys/errno.ts";
import type { Answering } from "./answering.ts";
import type { DeviceReads } from "./device_reads.ts";
import type { FailedReads } from "./failed_reads.ts";
import type { PendingReads } from "./pending_reads.ts";
import { PendingRescue } from "./pending_rescue.ts";
import type { EarlierFailure, ReaderParts } from "./reader_parts.ts";
import type { RescueStart } from "./rescue.ts";

/** Marks failed reads, and steps the rescues around them. Reader thread only. */
export class FailingAreas {
  /** The rescue of the last `step` has read something and is not at its end: its turn may go on. */
  goesOn = false;
  readonly #parts: ReaderParts;
  readonly #pending: PendingReads;
  readonly #answering: Answering;
  readonly #reads: DeviceReads;
  readonly #failedReads: FailedReads;

  constructor(
    parts: ReaderParts,
    pending: PendingReads,
    answering: Answering,
    reads: DeviceReads,
    failedReads: FailedReads,
  ) {
    this.#parts = parts;
    this.#pending = pending;
    this.#answering = answering;
    this.#reads = reads;
    this.#failedReads = failedReads;
  }

  /**
   * Takes over a failure from before the reader began. Without a good read after it, it is as doubtful as a failure of
   * the reader's own.
   */
  takeOver({ start, end, errno, isProved }: EarlierFailure): void {
    const { map, device, publisher } = this.#parts;
    const isWide = end - start > device.sectorSize;
    if (!isProved) {
      this.#reads.health.bad(errno === ENODATA);
      const status = isWide ? NON_TRIMMED : BAD_SECTOR;
      for (const area of [...map.ranges(start, end)]) {
        if (isWide && area.status !== NON_TRIED) continue;
        publisher.markMissing(area.start, area.end, status);
      }
    }
    if (isWide) this.#failedReads.add(start, end);
  }

  /**
   * Marks the failed read of [start, end): a sector that was tried alone is bad, of more nothing is known. What is `+`
   * stays so, even when the image has lost it and the device cannot give it now.
   * @returns true when a rescue has to find out more.
   */
  mark(start: number, end: number): boolean {
    const alone = end - start <= this.#parts.device.sectorSize;
    this.#parts.publisher.markMissing(start, end, alone ? BAD_SECTOR : NON_TRIMMED);
    if (!alone) {
      this.#failedReads.add(start, end);
      return true;
    }
    this.#failedReads.found(start);
    this.#answering.settle(start, end);
    return false;
  }

  /** Begins a rescue where a wide read has failed: until its failing sector is found, no read is as wide. */
  beginTrimming(start: number, end: number): void {
    // A large stretch of unknown quality is taken in steps, as a healthy one would be.
    const limit = Math.min(end, start + this.#reads.limit);
    const failedEnd = this.#failedReads.endAt(start);
    if (failedEnd >= 0) return this.beginRescue(start, Math.min(limit, failedEnd), "failed");
    this.beginRescue(start, this.#failedReads.endBefore(start, limit), "untried");
  }

  /** Begins a rescue of [start, end), unless another one has all of it. */
  beginRescue(start: number, end: number, begin: RescueStart): void {
    const { size, sectorSize } = this.#parts.device;
    const whole = Math.min(alignUp(end, sectorSize), size);
    const clear = this.#reads.endBeforeHeld(start, this.#pending.endBeforeRescues(start, whole));
    const { lastArrival } = this.#pending;
    const rescue = new PendingRescue(start, clear, sectorSize, begin, lastArrival);
    if (rescue.next()) this.#pending.beginRescue(rescue);
  }

  /**
   * Makes the next read of a rescue, or ends the rescue when no client waits for it any more.
   * @returns the result of the read, bytes or -errno; undefined when there was none. After a failure that is not
   *   UNREADABLE the caller ends the rescue, because the read says nothing about its sectors.
   */
  step(rescue: PendingRescue): number | undefined {
    if (!this.#pending.isNeeded(rescue.start, rescue.end)) {
      this.#pending.endRescue(rescue);
      return undefined;
    }
    const { offset, length } = rescue;
    const result = this.#reads.read(offset, length);
    if (result > 0) {
      rescue.succeeded(result);
      if (!this.#answering.deliver(offset, result)) rescue.unkept = true;
    } else if (outcomeOf(result) === UNREADABLE) {
      rescue.failed();
      this.mark(offset, offset + length);
    } else {
      return result;
    }
    if (!rescue.next()) this.#endRescue(rescue);
    else this.goesOn = result > 0;
    return result;
  }

  #endRescue(rescue: PendingRescue): void {
    const { start, end } = rescue;
    for (const leftover of rescue.leftovers) {
      this.#parts.publisher.markMissing(leftover.start, leftover.end, NON_SCRAPED);
    }
    this.#pending.endRescue(rescue);
    for (const read of this.#pending.takeNeeding(start, end)) {
      // Sectors that were not tried alone count as unreadable for the reads that have waited for this attempt, but not
      // for a read none of whose bytes has failed.
      const isServed = (!rescue.unkept || read.arrival <= rescue.lastArrival) &&
        !rescue.leavesOpen(read.offset, read.end);
      if (isServed) this.#answering.goOn(read, end);
      else this.#pending.insert(read);
    }
  }
}
