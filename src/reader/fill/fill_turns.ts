// Carries out what fill wants, a read at a time, and tells it what came of it. Reader thread only.
import { alignDown } from "../../base/ranges.ts";
import { IMAGE_RETRY_MS } from "../publisher.ts";
import { GONE, outcomeOf, UNREADABLE } from "../../device/read_outcome.ts";
import {
  READER_CELSIUS,
  READER_LIMIT_CELSIUS,
  READER_REST_MS,
  READER_REST_PAYS,
  READER_REST_UNTIL,
} from "../../shared/shared_state.ts";
import type { DeviceReads } from "../device_reads.ts";
import type { FailedReads } from "../failed_reads.ts";
import type { ReaderParts } from "../reader_parts.ts";
import type { Fill } from "./fill.ts";

/**
 * Makes the reads that a fill chooses, one a turn, and reports the results to it. Reader thread
 * only.
 */
export class FillTurns {
  readonly #parts: ReaderParts;
  readonly #fill: Fill;
  readonly #reads: DeviceReads;
  readonly #failedReads: FailedReads;
  readonly #gone: (errno: number) => void;
  #toldEnd = false;
  /** The image has no room for what would be read. */
  #isPaused = false;

  /** @param gone is told that the device is not there, with the error of the read. */
  constructor(
    parts: ReaderParts,
    fill: Fill,
    reads: DeviceReads,
    failedReads: FailedReads,
    gone: (errno: number) => void,
  ) {
    this.#parts = parts;
    this.#fill = fill;
    this.#reads = reads;
    this.#failedReads = failedReads;
    this.#gone = gone;
  }

  /** How long until `step` may have something to do, milliseconds. */
  waitMs(nowMs: number): number {
    if (this.#isPaused) return IMAGE_RETRY_MS;
    return Math.max(this.#parts.cooling?.waitMs(nowMs) ?? 0, this.#fill.waitMs(nowMs));
  }

  /** It has nothing left to read, and its end is told once all failures are proved. */
  get awaitsProof(): boolean {
    return this.#fill.ended !== undefined && !this.#toldEnd;
  }

  /** Reads what is still missing, as nobody waits. @returns false when there is nothing to read now. */
  step(): boolean {
    const { device, publisher, buffer, state } = this.#parts;
    const fill = this.#fill;
    const beganMs = performance.now();
    if (this.#isTooHot(beganMs)) return false;
    fill.leftAloneSince(beganMs - this.#reads.idleMs);
    const isChosen = fill.next(beganMs);
    this.#tellRest(beganMs);
    if (!isChosen) {
      if (!this.#reads.health.isDoubtful) this.#tellEnd();
      return false;
    }
    // What was read before, and is only compared, takes no room.
    this.#isPaused = !fill.isVerifying && !publisher.mayKeep(fill.length);
    if (this.#isPaused) return false;
    const start = alignDown(fill.offset, device.sectorSize);
    const end = fill.offset + fill.length;
    const result = this.#reads.read(start, end - start, true);
    const nowMs = performance.now();
    if (result > 0 && fill.isVerifying) {
      fill.compared(result, this.#isSame(start, result), nowMs - beganMs, nowMs);
    } else if (result > 0) {
      const kept = publisher.publish(buffer.address, start, result);
      if (kept) fill.succeeded(start + result - fill.offset, nowMs - beganMs, nowMs);
      // What the image did not take waits in memory, and what is read next waits for that.
      else if (!state.imageSick) fill.unkept(nowMs);
    } else if (outcomeOf(result) === UNREADABLE) {
      // A client that comes here does not try the whole again.
      if (end - start > device.sectorSize) this.#failedReads.add(start, end);
      else this.#failedReads.found(start);
      fill.failed(nowMs - beganMs, nowMs);
    } else {
      if (outcomeOf(result) === GONE) this.#gone(-result);
      if (!this.#reads.health.isSilent) fill.refused(nowMs);
    }
    return true;
  }

  /** The drive is left alone until it is cooler; what is only to be told is told all the same. */
  #isTooHot(nowMs: number): boolean {
    const { cooling, state: { readerCounters } } = this.#parts;
    if (cooling === undefined) return false;
    const isTooHot = this.#fill.ended === undefined && cooling.isTooHot(nowMs);
    readerCounters[READER_CELSIUS] = cooling.heat?.celsius ?? 0;
    readerCounters[READER_LIMIT_CELSIUS] = isTooHot ? cooling.heat?.limitCelsius ?? 0 : 0;
    return isTooHot;
  }

  #tellRest(nowMs: number): void {
    const counters = this.#parts.state.readerCounters;
    const rest = this.#fill.restAt(nowMs);
    counters[READER_REST_MS] = rest?.ms ?? 0;
    counters[READER_REST_PAYS] = rest?.pays ? 1 : 0;
    counters[READER_REST_UNTIL] = rest === undefined ? 0 : performance.timeOrigin + rest.untilMs;
  }

  #isSame(start: number, length: number): boolean {
    const { buffer, comparison, observer } = this.#parts;
    const at = comparison.firstDifference(buffer.bytes.subarray(0, length), start);
    if (at >= 0) observer.differs(at);
    return at < 0;
  }

  #tellEnd(): void {
    const { ended, verified } = this.#fill;
    if (ended === undefined || this.#toldEnd) return;
    this.#toldEnd = true;
    this.#parts.observer.fillEnded(ended, verified);
  }
}
