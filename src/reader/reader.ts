// The reader's loop: the only place that reads the device. Asks whose turn it is (turns.ts), makes one device
// read, publishes what came, and looks at the queue again. Reader thread only.
import { Eagerness } from "../base/eagerness.ts";
import { alignDown, alignUp } from "../base/ranges.ts";
import type { Extent } from "../map/file_map.ts";
import { BAD_SECTOR, MISSING, NON_SCRAPED, NON_TRIED, NON_TRIMMED } from "../map/statuses.ts";
import { EIO, ENODATA, ESHUTDOWN } from "../sys/errno.ts";
import { Answering } from "./answering.ts";
import { DeviceReads } from "./device_reads.ts";
import { DeviceTrust } from "./device_trust.ts";
import type { DeviceWrites } from "./device_writes.ts";
import { FailedReads } from "./failed_reads.ts";
import { FillTurns } from "./fill/fill_turns.ts";
import type { PendingRead } from "./pending_read.ts";
import { PendingReads } from "./pending_reads.ts";
import { PendingRescue } from "./pending_rescue.ts";
import { GONE, outcomeOf, UNREADABLE } from "../device/read_outcome.ts";
import { Reach } from "./reach.ts";
import type { EarlierFailure, ReaderParts } from "./reader_parts.ts";
import type { RescueStart } from "./rescue.ts";
import { SLICE_MS } from "./slice_size.ts";

/** How long the reader sleeps at most before it looks around, milliseconds. */
const SLEEP_MS = 1000;

/** Failures are settled before nothing is read for so long, milliseconds. */
const IDLE_MS = 500;
/** The same when checks have cost much already: what stays unproved for long would be lost by a kill. */
const LONG_IDLE_MS = 30_000;

/** Looks for the next request before the reader sleeps: some 130 microseconds, a client's way around. */
const ARRIVAL_LOOKS = 1000;

/**
 * The reader's loop: takes a turn, makes one device read, publishes it, and looks at the queue
 * again. Reader thread only.
 */
export class Reader {
  readonly #parts: ReaderParts;
  readonly #pending: PendingReads;
  readonly #writes: DeviceWrites | undefined;
  readonly #answering: Answering;
  readonly #trust: DeviceTrust;
  readonly #reads: DeviceReads;
  readonly #reach: Reach;
  readonly #failedReads = new FailedReads();
  readonly #fill: FillTurns | undefined;
  readonly #extent: Extent = { end: 0, status: NON_TRIED };
  /** Takes in a read that has arrived. */
  readonly #takeRead: (read: PendingRead) => void;
  #gone: boolean;
  /** The rescue whose turn it is has read something, and is not at its end. */
  #rescueGoesOn = false;
  /** When the turn began, and what had come last by then. */
  #turnMs = 0;
  #turnArrival = 0;
  readonly #eagerness = new Eagerness(ARRIVAL_LOOKS);
  /** When the medium was looked at last although there was nothing to read. */
  #lookedMs = -Infinity;

  constructor(parts: ReaderParts) {
    this.#parts = parts;
    this.#gone = parts.isOffline ?? false;
    this.#pending = new PendingReads(parts.state, parts.queue);
    this.#answering = new Answering(parts, this.#pending);
    this.#takeRead = (read) => this.#answering.begin(read);
    this.#trust = new DeviceTrust(parts, this.#pending, this.#answering, this.#failedReads);
    this.#reads = new DeviceReads(parts, () => this.#lose(0), this.#trust);
    this.#reach = new Reach(parts, this.#pending, this.#reads.pace);
    this.#writes = parts.writes?.(this.#pending);
    const { fill } = parts;
    if (fill !== undefined) {
      const gone = (errno: number) => void this.#noteGone(errno);
      this.#fill = new FillTurns(parts, fill, this.#reads, this.#failedReads, gone);
    }
    for (const failure of parts.failures ?? []) this.#takeOver(failure);
  }

  /** One that the device has not proved alive after is as doubtful as a failure of the reader's own. */
  #takeOver({ start, end, errno, isProved }: EarlierFailure): void {
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

  /** Serves until the run ends. */
  run(): void {
    const { state, queue } = this.#parts;
    const isIdle = () => queue.isEmpty && !state.ending;
    while (!state.ending) {
      if (this.step() || this.#isSoonBusy(isIdle)) continue;
      this.#lookAtMedium();
      state.sleepReader(isIdle, this.#sleepMs());
    }
    this.#settleDoubts();
    this.#endAll();
    if (this.#writes !== undefined && !this.#gone) {
      const isComplete = this.#writes.finish();
      this.#parts.observer.writesEnded?.(isComplete);
    }
  }

  /** The end: failures that the device does not prove alive after do not count. */
  #settleDoubts(): void {
    const { health } = this.#reads;
    while (!this.#gone && health.check("final"));
    this.#parts.publisher.unproved.takeBack();
  }

  /** Looks for a moment whether the next request comes, when that mostly pays. */
  #isSoonBusy(isIdle: () => boolean): boolean {
    const looks = this.#eagerness.looks();
    for (let look = 0; look < looks; look++) {
      if (!isIdle()) {
        this.#eagerness.won();
        return true;
      }
      Atomics.pause();
    }
    if (looks > 0) this.#eagerness.lost();
    return false;
  }

  /** At most once in SLEEP_MS: the drive gets a command or two for it. */
  #lookAtMedium(): void {
    const { looksTheSame } = this.#parts.device;
    const nowMs = performance.now();
    if (this.#gone || looksTheSame === undefined || nowMs - this.#lookedMs < SLEEP_MS) return;
    this.#lookedMs = nowMs;
    if (!looksTheSame()) this.#lose(0);
  }

  #sleepMs(): number {
    if (this.#gone) return SLEEP_MS;
    const waitMs = this.#trust.restMs(this.#reads.health) ??
      this.#fill?.waitMs(performance.now()) ?? Infinity;
    return Math.min(SLEEP_MS, waitMs);
  }

  /** Does one thing, at most one device read. @returns false when there is nothing to do. */
  step(): boolean {
    const { turns } = this.#pending;
    this.#pending.takeArrivals(this.#takeRead);
    if (this.#gone) return this.#endAll();
    const isDone = this.#trust.step(this.#reads.health);
    if (isDone !== undefined) return isDone;
    if (this.#isTurnGoingOn() || turns.next()) {
      const { request, rescue } = turns;
      if (rescue !== undefined) this.#stepRescue(rescue);
      else if (request!.isWrite) this.#writes!.step(request!);
      else this.#serve(request!);
      return true;
    }
    const hint = turns.nextHint(this.#pending.hints);
    if (hint === undefined) return this.#stepUnasked();
    this.#serveHint(hint);
    return true;
  }

  /** Sectors of a rescue that can be read are quick: its turn goes on while it is short, and nobody new comes. */
  #isTurnGoingOn(): boolean {
    const { lastArrival } = this.#pending;
    const goesOn = this.#rescueGoesOn && this.#turnArrival === lastArrival &&
      this.#reads.nowMs - this.#turnMs < SLICE_MS;
    this.#rescueGoesOn = false;
    if (goesOn) return true;
    this.#turnArrival = lastArrival;
    this.#turnMs = this.#reads.nowMs;
    return false;
  }

  /** Nobody waits. @returns false when there is nothing to do. */
  #stepUnasked(): boolean {
    if (this.#fill?.step()) return true;
    this.#parts.publisher.catchUp();
    // An outage may be over before the next read: there is time to find out now.
    const waitMs = this.#fill?.waitMs(performance.now()) ?? Infinity;
    if (waitMs < IDLE_MS) return false;
    const isFinal = this.#fill?.awaitsProof || this.#reads.idleMs >= LONG_IDLE_MS;
    return this.#reads.health.check(isFinal ? "final" : "awaited");
  }

  // --- clients ------------------------------------------------------------------------------------

  #serve(read: PendingRead): void {
    if (!this.#answering.catchUp(read)) return;
    // Boundaries of a foreign mapfile may lie inside sectors; the device knows whole ones only.
    const start = alignDown(read.cursor, this.#parts.device.sectorSize);
    // It waits for that one from now on.
    if (read.rescue !== undefined) return;
    const { status, end: extentEnd } = this.#answering.extent;
    if (status === BAD_SECTOR) return this.#retry(read, start);
    if (status === NON_TRIMMED) return this.#beginTrimming(start, extentEnd);
    if (status === NON_SCRAPED) {
      const end = Math.min(extentEnd, start + this.#reads.limit);
      return this.#beginRescue(start, end, "between bad sectors");
    }

    const most = this.#reads.limit;
    const first = status === NON_TRIED && this.#parts.publisher.held.isEmpty
      ? this.#reach.start(start, Math.min(read.end, start + most), most)
      : start;
    const limit = this.#reads.endBeforeHeld(
      first,
      this.#pending.endBeforeRescues(first, first + most),
    );
    const asked = this.#pending.wantedEnd(start, Math.min(read.end, limit), limit);
    const end = this.#reach.end(read.cursor, asked, limit, status);
    const result = this.#reads.read(first, end - first);
    if (result > 0) this.#answering.deliver(first, result);
    else if (outcomeOf(result) !== UNREADABLE) this.#giveUp(result, first, end);
    else {
      const rest = this.#markFailed(first, end);
      if (rest) this.#beginRescue(first, Math.min(asked, end), "failed");
    }
  }

  /** One more try of a sector that is known as bad. */
  #retry(read: PendingRead, start: number): void {
    const end = Math.min(start + this.#parts.device.sectorSize, this.#parts.device.size);
    this.#answering.noteRetry(start);
    // It may need as many tries as it has sectors.
    this.#pending.postpone(read);
    const result = this.#reads.read(start, end - start);
    if (result > 0) this.#answering.deliver(start, result);
    else if (outcomeOf(result) === UNREADABLE) this.#answering.settle(start, end);
    else this.#giveUp(result, start, end);
  }

  /**
   * A read has failed: a sector that was tried alone is bad, of more nothing is known. What is `+` stays so,
   * even when the image has lost it and the device cannot give it now.
   * @returns true when more is to be found out.
   */
  #markFailed(start: number, end: number): boolean {
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

  // --- failing stretches --------------------------------------------------------------------------

  /** A wide read has failed here. As long as its failing sector is not found, none as wide is tried again. */
  #beginTrimming(start: number, end: number): void {
    // A large stretch of unknown quality is taken in steps, as a healthy one would be.
    const limit = Math.min(end, start + this.#reads.limit);
    const failedEnd = this.#failedReads.endAt(start);
    if (failedEnd >= 0) return this.#beginRescue(start, Math.min(limit, failedEnd), "failed");
    this.#beginRescue(start, this.#failedReads.endBefore(start, limit), "untried");
  }

  #beginRescue(start: number, end: number, begin: RescueStart): void {
    const { size, sectorSize } = this.#parts.device;
    const whole = Math.min(alignUp(end, sectorSize), size);
    const clear = this.#reads.endBeforeHeld(start, this.#pending.endBeforeRescues(start, whole));
    const { lastArrival } = this.#pending;
    const rescue = new PendingRescue(start, clear, sectorSize, begin, lastArrival);
    if (rescue.next()) this.#pending.beginRescue(rescue);
  }

  #stepRescue(rescue: PendingRescue): void {
    // Whoever has waited for it may have left.
    if (!this.#pending.isNeeded(rescue.start, rescue.end)) return this.#pending.endRescue(rescue);
    const { offset, length } = rescue;
    const result = this.#reads.read(offset, length);
    if (result > 0) {
      rescue.succeeded(result);
      if (!this.#answering.deliver(offset, result)) rescue.unkept = true;
    } else if (outcomeOf(result) === UNREADABLE) {
      rescue.failed();
      this.#markFailed(offset, offset + length);
    } else {
      this.#giveUp(result, rescue.start, rescue.end);
      return this.#pending.endRescue(rescue);
    }
    if (!rescue.next()) this.#endRescue(rescue);
    else this.#rescueGoesOn = result > 0;
  }

  #endRescue(rescue: PendingRescue): void {
    const { start, end } = rescue;
    for (const leftover of rescue.leftovers) {
      this.#parts.publisher.markMissing(leftover.start, leftover.end, NON_SCRAPED);
    }
    this.#pending.endRescue(rescue);
    for (const read of this.#pending.takeNeeding(start, end)) {
      // What was not tried alone stays so for everyone who has waited for this attempt; but nobody is told
      // that his bytes cannot be read when none of them has failed.
      const isServed = (!rescue.unkept || read.arrival <= rescue.lastArrival) &&
        !rescue.leavesOpen(read.offset, read.end);
      if (isServed) this.#answering.goOn(read, end);
      else this.#pending.insert(read);
    }
  }

  // --- hints --------------------------------------------------------------------------------------

  #serveHint(hint: PendingRead): void {
    const { map, device } = this.#parts;
    const missing = map.find(hint.cursor, hint.end, MISSING);
    if (missing < 0 || !this.#reach.mayReadAhead) return this.#answering.end(hint);
    map.extentAt(missing, hint.end, this.#extent);
    if (this.#extent.status !== NON_TRIED) return this.#answering.end(hint);
    const start = alignDown(missing, device.sectorSize);
    const extentEnd = Math.min(alignUp(this.#extent.end, device.sectorSize), device.size);
    const limit = this.#reads.endBeforeHeld(start, Math.min(extentEnd, start + this.#reads.limit));
    const end = this.#reach.quietEnd(start, limit);
    if (end <= start) return this.#answering.end(hint);
    const result = this.#reads.read(start, end - start);
    if (result > 0) {
      this.#answering.deliver(start, result);
      hint.cursor = start + result;
      if (hint.cursor >= hint.end) this.#answering.end(hint);
    } else {
      // Nobody has asked for these bytes: whoever does gets them tried with care.
      if (outcomeOf(result) === UNREADABLE) this.#markFailed(start, end);
      else this.#giveUp(result, start, end);
      this.#answering.end(hint);
    }
  }

  // --- reads that say nothing about their sectors ---------------------------------------------------

  /** The device has gone, or the system could not read now: clients of [start, end) get EIO, the map learns nothing. */
  #giveUp(result: number, start: number, end: number): void {
    if (outcomeOf(result) === GONE && this.#noteGone(-result)) return;
    for (const read of this.#pending.reads()) {
      if (read.overlaps(start, end)) this.#answering.end(read);
    }
  }

  /** The device is not there. @returns true when all reads have ended, or wait for its return. */
  #noteGone(errno: number): boolean {
    if (!this.#parts.device.isDrive && !this.#gone) {
      return this.#trust.vanished(this.#reads.health, errno);
    }
    this.#lose(errno);
    return true;
  }

  /** The device will not come back: everything that waits for it ends. */
  #lose(errno: number): void {
    if (!this.#gone) this.#parts.observer.deviceGone(errno);
    this.#gone = true;
    this.#parts.publisher.unproved.takeBack();
    this.#endAll();
  }

  /** Ends all that waits. @returns whether anything did. */
  #endAll(): boolean {
    this.#pending.takeArrivals(this.#takeRead);
    const waiting = [
      ...this.#answering.takeAside(),
      ...this.#pending.reads(),
      ...this.#pending.hints,
    ];
    for (const read of waiting) this.#answering.end(read);
    const refused = this.#writes?.refuseAll(this.#gone ? EIO : ESHUTDOWN) ?? false;
    return waiting.length > 0 || refused;
  }
}
