// The reader's loop: the only place that reads the device. Asks whose turn it is (turns.ts), makes one device
// read, publishes what came, and looks at the queue again. Reader thread only.
import { Eagerness } from "../base/eagerness.ts";
import { alignDown, alignUp } from "../base/ranges.ts";
import type { Extent } from "../map/file_map.ts";
import { BAD_SECTOR, MISSING, NON_SCRAPED, NON_TRIED, NON_TRIMMED } from "../map/statuses.ts";
import { EIO, ESHUTDOWN } from "../sys/errno.ts";
import { Answering } from "./answering.ts";
import { DeviceReads } from "./device_reads.ts";
import { DeviceTrust } from "./device_trust.ts";
import type { DeviceWrites } from "./device_writes.ts";
import { FailedReads } from "./failed_reads.ts";
import { FailingAreas } from "./failing_areas.ts";
import { FillTurns } from "./fill/fill_turns.ts";
import type { PendingRead } from "./pending_read.ts";
import { PendingReads } from "./pending_reads.ts";
import type { PendingRescue } from "./pending_rescue.ts";
import { GONE, outcomeOf, UNREADABLE } from "../device/read_outcome.ts";
import { Reach } from "./reach.ts";
import type { ReaderParts } from "./reader_parts.ts";
import { SLICE_MS } from "./slice_size.ts";

/** How long the reader sleeps at most before it looks around, milliseconds. */
const SLEEP_MS = 1000;

/** Failures are settled before nothing is read for so long, milliseconds. */
const IDLE_MS = 500;
/** The same when checks have cost much already: what stays unproved for long would be lost by a kill. */
const LONG_IDLE_MS = 30_000;

/** Looks for the next request before the reader sleeps: some 130 microseconds, a client's way around. */
const ARRIVAL_LOOKS = 1000;

/** The reader's loop. One object for one medium; reader thread only. */
export class Reader {
  readonly #parts: ReaderParts;
  readonly #pending: PendingReads;
  readonly #writes: DeviceWrites | undefined;
  readonly #answering: Answering;
  readonly #trust: DeviceTrust;
  readonly #reads: DeviceReads;
  readonly #reach: Reach;
  readonly #failures: FailingAreas;
  readonly #fill: FillTurns | undefined;
  readonly #extent: Extent = { end: 0, status: NON_TRIED };
  /** Takes in a read that has arrived. */
  readonly #takeRead: (read: PendingRead) => void;
  #gone: boolean;
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
    const failedReads = new FailedReads();
    this.#trust = new DeviceTrust(parts, this.#pending, this.#answering, failedReads);
    this.#reads = new DeviceReads(parts, () => this.#lose(0), this.#trust);
    this.#reach = new Reach(parts, this.#pending, this.#reads.pace);
    this.#failures = new FailingAreas(
      parts,
      this.#pending,
      this.#answering,
      this.#reads,
      failedReads,
    );
    this.#writes = parts.writes?.(this.#pending);
    const { fill } = parts;
    if (fill !== undefined) {
      const gone = (errno: number) => void this.#noteGone(errno);
      this.#fill = new FillTurns(parts, fill, this.#reads, failedReads, gone);
    }
    for (const failure of parts.failures ?? []) this.#failures.takeOver(failure);
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

  /** Readable sectors are quick: a rescue's turn goes on while it is short and no new request comes. */
  #isTurnGoingOn(): boolean {
    const { lastArrival } = this.#pending;
    const goesOn = this.#failures.goesOn && this.#turnArrival === lastArrival &&
      this.#reads.nowMs - this.#turnMs < SLICE_MS;
    this.#failures.goesOn = false;
    if (goesOn) return true;
    this.#turnArrival = lastArrival;
    this.#turnMs = this.#reads.nowMs;
    return false;
  }

  /** No client waits. @returns false when there is nothing to do. */
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
    if (status === NON_TRIMMED) return this.#failures.beginTrimming(start, extentEnd);
    if (status === NON_SCRAPED) {
      const end = Math.min(extentEnd, start + this.#reads.limit);
      return this.#failures.beginRescue(start, end, "between bad sectors");
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
      const rest = this.#failures.mark(first, end);
      if (rest) this.#failures.beginRescue(first, Math.min(asked, end), "failed");
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

  #stepRescue(rescue: PendingRescue): void {
    const result = this.#failures.step(rescue);
    if (result === undefined || result > 0 || outcomeOf(result) === UNREADABLE) return;
    this.#giveUp(result, rescue.start, rescue.end);
    this.#pending.endRescue(rescue);
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
      // No client has asked for these bytes. When one does, a rescue tries them with care.
      if (outcomeOf(result) === UNREADABLE) this.#failures.mark(start, end);
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
