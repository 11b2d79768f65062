// The reader's loop: the only place that reads the device. Takes the most urgent request, makes one device
// read, publishes what came, and looks at the queue again: a client waits for at most one device read that
// is under way. Reader thread only.
import { Eagerness } from "../base/eagerness.ts";
import { type FileMap, type Run } from "../map/file_map.ts";
import {
  BAD_SECTOR,
  FINISHED,
  maskOf,
  NON_SCRAPED,
  NON_TRIED,
  NON_TRIMMED,
} from "../map/statuses.ts";
import { alignDown, alignUp } from "../base/ranges.ts";
import type { ImageComparison } from "../cache/image_comparison.ts";
import { MISSING, type Publisher } from "../cache/publisher.ts";
import { fillBounce } from "../shared/bounce_buffer.ts";
import type { ReaderQueue } from "../shared/request_queue.ts";
import {
  KIND_BYPASS,
  PHASE_SERVING,
  READER_BUSY_AT,
  READER_BUSY_SINCE,
  READER_DEVICE_BYTES,
  READER_DEVICE_READS,
  READER_FAILED_READS,
  READER_LAST_GOOD,
  RESULT_RESOLVED,
  RESULT_UNCACHED,
  type SharedState,
  SLOT_CANCELLED,
} from "../shared/shared_state.ts";
import { EIO, ESHUTDOWN } from "../sys/errno.ts";
import type { NativeMemory } from "../sys/memory.ts";
import type { DeviceWrites } from "./device_writes.ts";
import { FailedReads } from "./failed_reads.ts";
import type { Fill, FillEnd } from "./fill/fill.ts";
import type { Verified } from "./fill/verification.ts";
import { Pace, SICK_READ } from "./pace.ts";
import type { PendingRead } from "./pending_read.ts";
import { PendingReads } from "./pending_reads.ts";
import { PendingRescue } from "./pending_rescue.ts";
import { GONE, outcomeOf, UNREADABLE } from "./read_outcome.ts";
import type { RescueStart } from "./rescue.ts";

/** How long the reader sleeps at most before it looks around, milliseconds. */
const SLEEP_MS = 1000;

/** Looks for the next request before the reader sleeps: some 130 microseconds, a client's way around. */
const ARRIVAL_LOOKS = 1000;

/** The device as the reader needs it. */
export interface ReadableDevice {
  readonly size: number;
  readonly sectorSize: number;
  /** One read into the reader's memory. @returns bytes, 0 at an end of file, or -errno. May hang. */
  read(address: number, length: number, offset: number): number;
  /** False when the medium is no longer the one that was opened: then nothing of it may be published. */
  isSameMedium(): boolean;
}

/** Tells what happens to the device. */
export interface ReaderObserver {
  /** A device read failed; `errno` is positive. Called for each, so it must sum up. */
  readFailed(offset: number, length: number, errno: number): void;
  /** The device or its medium has gone. Called once. */
  deviceGone(errno: number): void;
  /** Nothing more is read unasked. Called once. */
  fillEnded(reason: FillEnd, verified: Verified | undefined): void;
  /** A read for verification has brought another byte at `offset` than the image has. */
  differs(offset: number): void;
  /** The run is over: whether device and image have all that was written. */
  writesEnded?(complete: boolean): void;
}

/** Everything the loop works with; owned by the reader's thread. */
export interface ReaderParts {
  readonly device: ReadableDevice;
  readonly map: FileMap;
  readonly publisher: Publisher;
  readonly state: SharedState;
  readonly queue: ReaderQueue;
  /** At least MAX_READ bytes, aligned for O_DIRECT. */
  readonly buffer: NativeMemory;
  readonly observer: ReaderObserver;
  /** How often a sector marked bad is tried again on request. */
  readonly retries: number;
  /** What to read while nobody is asking; undefined: nothing. */
  readonly fill: Fill | undefined;
  /** The image, for a fill that verifies. */
  readonly comparison: ImageComparison;
  /** Makes what carries writes out; undefined: there are none. */
  readonly writes?: ((pending: PendingReads) => DeviceWrites) | undefined;
  /** There is no device: what is missing cannot be read, and the map learns nothing by that. */
  readonly isOffline?: boolean;
}

/** See the head of this file. */
export class Reader {
  readonly #parts: ReaderParts;
  readonly #pending: PendingReads;
  readonly #writes: DeviceWrites | undefined;
  readonly #pace = new Pace();
  readonly #failedReads = new FailedReads();
  readonly #run: Run = { end: 0, status: NON_TRIED };
  /** Retries made of a bad sector, by offset; only used with `retries`. */
  readonly #retried = new Map<number, number>();
  /** The last arrival whose cursor was moved for the sake of rescues. */
  #lastAdvanced = 0;
  #gone: boolean;
  readonly #eagerness = new Eagerness(ARRIVAL_LOOKS);
  /** The device read under way is for nobody. */
  #filling = false;
  #fillEnded = false;
  #hasWritten = false;

  constructor(parts: ReaderParts) {
    this.#parts = parts;
    this.#gone = parts.isOffline ?? false;
    this.#pending = new PendingReads(parts.state, parts.queue);
    this.#writes = parts.writes?.(this.#pending);
  }

  /** Serves until the run ends. */
  run(): void {
    const { state, queue } = this.#parts;
    const isIdle = () => queue.isEmpty && state.phase === PHASE_SERVING;
    while (state.phase === PHASE_SERVING) {
      if (this.step() || this.#isSoonBusy(isIdle)) continue;
      state.sleepReader(isIdle, this.#sleepMs());
    }
    this.#endAll();
    if (this.#writes !== undefined && !this.#gone) {
      const isComplete = this.#writes.finish();
      this.#parts.observer.writesEnded?.(isComplete);
    }
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

  #sleepMs(): number {
    const waitMs = this.#parts.fill?.waitMs(performance.now()) ?? Infinity;
    return this.#gone ? SLEEP_MS : Math.min(SLEEP_MS, waitMs);
  }

  /** Does one thing, at most one device read. @returns false when there is nothing to do. */
  step(): boolean {
    this.#pending.takeArrivals();
    this.#advanceArrivals();
    const client = this.#pending.nextClient();
    if (this.#mayWrite(client !== undefined)) return true;
    const rescue = this.#pending.nextRescue(client === undefined);
    const hint = this.#pending.hints[0];
    if (rescue !== undefined) this.#stepRescue(rescue);
    else if (client !== undefined) this.#serve(client);
    else if (hint !== undefined) this.#serveHint(hint);
    else return this.#serveFill();
    return true;
  }

  /** Writes have every other turn while reads wait. @returns true when a piece was written. */
  #mayWrite(readsWait: boolean): boolean {
    if (this.#pending.writes.length === 0) return false;
    this.#hasWritten = !this.#hasWritten;
    if ((readsWait || this.#pending.rescues.length > 0) && !this.#hasWritten) return false;
    if (this.#gone) this.#writes!.refuseAll(EIO);
    else this.#writes!.step();
    return true;
  }

  // --- clients ------------------------------------------------------------------------------------

  /** Who waits for a rescue has no turn: the cursors must stand where something is missing. */
  #advanceArrivals(): void {
    const { clients, rescues, lastArrival } = this.#pending;
    if (rescues.length === 0 || lastArrival === this.#lastAdvanced) return;
    for (const read of clients.filter(({ arrival }) => arrival > this.#lastAdvanced)) {
      if (!this.#advance(read)) this.#finish(read);
    }
    this.#lastAdvanced = lastArrival;
  }

  #serve(read: PendingRead): void {
    if (this.#gone || this.#isCancelled(read)) return this.#end(read);
    if (!this.#advance(read)) return this.#finish(read);
    // Boundaries of a foreign mapfile may lie inside sectors; the device knows whole ones only.
    const start = alignDown(read.cursor, this.#parts.device.sectorSize);
    // It waits for that one from now on.
    if (this.#pending.rescueAt(start) !== undefined) return;
    const { status } = this.#run;
    if (status === BAD_SECTOR) return this.#retry(read, start);
    if (status === NON_TRIMMED) return this.#beginTrimming(start, this.#run.end);
    if (status === NON_SCRAPED) {
      const end = Math.min(this.#run.end, start + this.#pace.limit);
      return this.#beginRescue(start, end, "between bad sectors");
    }

    const limit = this.#pending.endBeforeRescues(start, start + this.#pace.limit);
    const asked = this.#pending.wantedEnd(start, Math.min(read.end, limit), limit);
    const end = this.#clearEnd(read.cursor, asked, limit, status);
    const result = this.#readDevice(start, end - start);
    if (result > 0) this.#deliver(start, result);
    else if (this.#isUnreadable(result, start, end)) {
      const rest = this.#markFailed(start, end);
      if (rest) this.#beginRescue(start, Math.min(asked, end), "failed");
    }
    this.#pending.postpone(read);
  }

  /** Moves the cursor over what needs no device read. @returns false at the end; else `#run` says what is there. */
  #advance(read: PendingRead): boolean {
    const { map } = this.#parts;
    while (read.cursor < read.end) {
      map.run(read.cursor, read.end, this.#run);
      const { status, end } = this.#run;
      if (status === FINISHED && read.kind !== KIND_BYPASS) read.cursor = end;
      else if (status === BAD_SECTOR && !this.#mayRetry(read.cursor)) {
        read.cursor = this.#badEnd(read);
      } else return true;
    }
    return false;
  }

  #mayRetry(offset: number): boolean {
    const { retries, device } = this.#parts;
    return retries > (this.#retried.get(alignDown(offset, device.sectorSize)) ?? 0);
  }

  /** How far the bad sector at the cursor goes: with retries each has its own count. */
  #badEnd(read: PendingRead): number {
    const { retries, device } = this.#parts;
    if (retries === 0) return this.#run.end;
    return Math.min(this.#run.end, alignDown(read.cursor, device.sectorSize) + device.sectorSize);
  }

  /** How far to read from `start`: what is asked, more when it is expected, never into another status. */
  #clearEnd(start: number, asked: number, limit: number, status: number): number {
    const { map, device } = this.#parts;
    let end = Math.min(asked, device.size);
    if (this.#mayReadAhead && this.#pending.hints.length > 0) {
      end = Math.max(end, this.#quietEnd(end, this.#pending.hintedEnd(end, limit)));
    }
    map.run(start, end, this.#run);
    // A bypassing read takes `+` runs one at a time; an ordinary one stops where the next status begins.
    end = Math.min(end, alignUp(this.#run.end, device.sectorSize));
    return status === FINISHED ? Math.min(end, asked) : end;
  }

  /**
   * Good bytes are in the buffer: publishes them and ends the requests that have all they can get.
   * @returns false when the image has not kept them.
   */
  #deliver(start: number, length: number): boolean {
    const { publisher, buffer } = this.#parts;
    const kept = publisher.publish(buffer.address, start, length);
    const end = start + length;
    for (const read of this.#pending.clients) this.#bounce(read, start, end, kept);
    this.#settle(start, end);
    return kept;
  }

  /** Copies what concerns `read` of the good bytes in the buffer, where it has memory for them. */
  #bounce(read: PendingRead, start: number, end: number, kept: boolean): void {
    if (!read.overlaps(start, end)) return;
    if (!kept) read.unkept = true;
    if (read.bounce === 0) return;
    const { device, buffer } = this.#parts;
    const from = Math.max(start, read.offset);
    const to = Math.min(end, read.end);
    const source = buffer.address + from - start;
    fillBounce(read.bounce, read.offset, read.end, device.sectorSize, source, from, to);
  }

  /** Nothing more is to be had of [start, end): whoever has waited for it goes on behind it, or has ended. */
  #settle(start: number, end: number): void {
    const { clients } = this.#pending;
    for (let index = 0; index < clients.length;) {
      const read = clients[index];
      if (!read.needs(start, end) || this.#goOn(read, end)) index++;
    }
  }

  /** Moves the cursor to `end`, and over what needs no device read. @returns false when the read has ended. */
  #goOn(read: PendingRead, end: number): boolean {
    read.cursor = Math.min(read.end, end);
    if (this.#advance(read)) return true;
    this.#finish(read);
    return false;
  }

  #finish(read: PendingRead): void {
    const unreachable = read.unkept && read.bounce === 0;
    this.#pending.end(read, unreachable ? RESULT_UNCACHED : RESULT_RESOLVED);
  }

  /** Ends a read with what there is; nothing more is tried. */
  #end(read: PendingRead): void {
    this.#pending.end(read, RESULT_RESOLVED);
  }

  #isCancelled(read: PendingRead): boolean {
    return Atomics.load(this.#parts.state.slotState, read.slot) === SLOT_CANCELLED;
  }

  /** One more try of a sector that is known as bad. */
  #retry(read: PendingRead, start: number): void {
    const end = Math.min(start + this.#parts.device.sectorSize, this.#parts.device.size);
    this.#retried.set(start, (this.#retried.get(start) ?? 0) + 1);
    const result = this.#readDevice(start, end - start);
    if (result > 0) this.#deliver(start, result);
    else if (this.#isUnreadable(result, start, end)) this.#settle(start, end);
    this.#pending.postpone(read);
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
    this.#settle(start, end);
    return false;
  }

  // --- failing stretches --------------------------------------------------------------------------

  /** A wide read has failed here. As long as its failing sector is not found, none as wide is tried again. */
  #beginTrimming(start: number, end: number): void {
    // A large stretch of unknown quality is taken in steps, as a healthy one would be.
    const limit = Math.min(end, start + this.#pace.limit);
    const failedEnd = this.#failedReads.endAt(start);
    if (failedEnd >= 0) return this.#beginRescue(start, Math.min(limit, failedEnd), "failed");
    this.#beginRescue(start, this.#failedReads.endBefore(start, limit), "untried");
  }

  #beginRescue(start: number, end: number, begin: RescueStart): void {
    const { size, sectorSize } = this.#parts.device;
    const whole = Math.min(alignUp(end, sectorSize), size);
    const clear = this.#pending.endBeforeRescues(start, whole);
    const { lastArrival } = this.#pending;
    const rescue = new PendingRescue(start, clear, sectorSize, begin, lastArrival);
    if (rescue.next()) this.#pending.beginRescue(rescue);
  }

  #stepRescue(rescue: PendingRescue): void {
    if (!this.#isWanted(rescue)) return this.#pending.endRescue(rescue);
    const { offset, length } = rescue;
    const result = this.#readDevice(offset, length);
    if (result > 0) {
      rescue.succeeded(result);
      if (!this.#deliver(offset, result)) rescue.unkept = true;
    } else if (this.#isUnreadable(result, rescue.start, rescue.end)) {
      rescue.failed();
      this.#markFailed(offset, offset + length);
    } else {
      return this.#pending.endRescue(rescue);
    }
    if (!rescue.next()) this.#endRescue(rescue);
  }

  /** Ends the requests that wait for a rescue in vain. @returns whether others do. */
  #isWanted(rescue: PendingRescue): boolean {
    const waiting = this.#pending.clients.filter((read) => read.needs(rescue.start, rescue.end));
    const gone = waiting.filter((read) => this.#gone || this.#isCancelled(read));
    for (const read of gone) this.#end(read);
    return gone.length < waiting.length;
  }

  #endRescue(rescue: PendingRescue): void {
    const { start, end } = rescue;
    for (const leftover of rescue.leftovers) {
      this.#parts.publisher.markMissing(leftover.start, leftover.end, NON_SCRAPED);
    }
    this.#pending.endRescue(rescue);
    for (const read of this.#pending.clients.filter((read) => read.needs(start, end))) {
      // What was not tried alone stays so for everyone who has waited for this attempt; but nobody is told
      // that his bytes cannot be read when none of his sectors has been tried.
      const served = (!rescue.unkept || read.arrival <= rescue.lastArrival) &&
        !rescue.hasLeft(read.offset, read.end);
      if (served && !this.#goOn(read, end)) continue;
      this.#pending.postpone(read);
    }
  }

  // --- hints --------------------------------------------------------------------------------------

  /** Not from a sick device, and not what would be thrown away. */
  get #mayReadAhead(): boolean {
    return this.#pace.mayReadAhead && !this.#parts.state.imageSick;
  }

  #serveHint(hint: PendingRead): void {
    const { map, device } = this.#parts;
    const missing = map.find(hint.cursor, hint.end, MISSING);
    if (missing < 0 || this.#gone || !this.#mayReadAhead) return this.#end(hint);
    map.run(missing, hint.end, this.#run);
    if (this.#run.status !== NON_TRIED) return this.#end(hint);
    const start = alignDown(missing, device.sectorSize);
    const runEnd = Math.min(alignUp(this.#run.end, device.sectorSize), device.size);
    const end = this.#quietEnd(start, Math.min(runEnd, start + this.#pace.limit));
    if (end <= start) return this.#end(hint);
    const result = this.#readDevice(start, end - start);
    if (result > 0) {
      this.#deliver(start, result);
      hint.cursor = start + result;
      if (hint.cursor >= hint.end) this.#end(hint);
    } else {
      // Nobody has asked for these bytes: whoever does gets them tried with care.
      if (this.#isUnreadable(result, start, end)) this.#markFailed(start, end);
      this.#end(hint);
    }
  }

  /** Cuts what nobody has asked for short before a failing place: its neighbours are likely to be bad too. */
  #quietEnd(start: number, end: number): number {
    const { map, device } = this.#parts;
    const bad = map.find(
      start,
      Math.min(device.size, end + SICK_READ),
      MISSING & ~maskOf(NON_TRIED),
    );
    // At a cluster's edge, so that two reads never fail for one cluster.
    return bad < 0 ? end : Math.min(end, alignDown(bad - SICK_READ, SICK_READ));
  }

  // --- fill ---------------------------------------------------------------------------------------

  /** Reads what is still missing, as nobody waits. @returns false when there is nothing to read now. */
  #serveFill(): boolean {
    const { fill, device, publisher, buffer, state } = this.#parts;
    if (fill === undefined || this.#gone) return false;
    const beganMs = performance.now();
    if (!fill.next(beganMs)) {
      this.#tellFillEnd(fill);
      return false;
    }
    const start = alignDown(fill.offset, device.sectorSize);
    const end = fill.offset + fill.length;
    this.#filling = true;
    const result = this.#readDevice(start, end - start);
    this.#filling = false;
    const nowMs = performance.now();
    if (result > 0 && fill.isVerifying) {
      fill.compared(result, this.#isSame(start, result), nowMs - beganMs, nowMs);
    } else if (result > 0) {
      const kept = publisher.publish(buffer.address, start, result);
      if (kept) fill.succeeded(start + result - fill.offset, nowMs - beganMs, nowMs);
      else fill.unkept(!state.imageSick, nowMs);
    } else if (this.#isUnreadable(result, start, start)) {
      // A client that comes here does not try the whole again.
      if (end - start > device.sectorSize) this.#failedReads.add(start, end);
      else this.#failedReads.found(start);
      fill.failed(nowMs - beganMs, nowMs);
    } else fill.refused(nowMs);
    return true;
  }

  #isSame(start: number, length: number): boolean {
    const { buffer, comparison, observer } = this.#parts;
    const at = comparison.firstDifference(buffer.bytes.subarray(0, length), start);
    if (at >= 0) observer.differs(at);
    return at < 0;
  }

  #tellFillEnd({ ended, verified }: Fill): void {
    if (ended === undefined || this.#fillEnded) return;
    this.#fillEnded = true;
    this.#parts.observer.fillEnded(ended, verified);
  }

  // --- the device ---------------------------------------------------------------------------------

  /** One device read into the buffer. @returns good bytes, or 0 or -errno as the device said. */
  #readDevice(offset: number, length: number): number {
    const { device, state, observer } = this.#parts;
    const counters = state.readerCounters;
    const beganMs = performance.now();
    counters[READER_BUSY_AT] = offset;
    counters[READER_BUSY_SINCE] = performance.timeOrigin + beganMs;
    const result = this.#readSectors(offset, length);
    counters[READER_BUSY_SINCE] = 0;
    counters[READER_DEVICE_READS]++;
    if (!device.isSameMedium()) {
      this.#lose(0);
      return 0;
    }
    if (result > 0) {
      counters[READER_DEVICE_BYTES] += result;
      counters[READER_LAST_GOOD] = offset + result;
      const endedMs = performance.now();
      this.#pace.good(result, endedMs - beganMs);
      if (!this.#filling) this.#parts.fill?.clientRead(offset + result, result, endedMs);
      return result;
    }
    const outcome = outcomeOf(result);
    if (outcome === GONE) return result;
    counters[READER_FAILED_READS]++;
    if (outcome === UNREADABLE) {
      this.#pace.bad();
      if (!this.#filling) this.#parts.fill?.clientFailed(performance.now());
    }
    observer.readFailed(offset, length, -result);
    return result;
  }

  /** Reads whole sectors; the device's last one may be a short one. @returns as `#readDevice`. */
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

  /** @returns true when a failed read speaks of its sectors; else nobody waits for [start, end) any more. */
  #isUnreadable(result: number, start: number, end: number): boolean {
    const outcome = outcomeOf(result);
    if (outcome === UNREADABLE) return true;
    if (outcome === GONE) {
      this.#lose(-result);
      return false;
    }
    // Not the device's fault: who waits now gets EIO, and the map learns nothing.
    for (const read of this.#pending.clients.filter((read) => read.overlaps(start, end))) {
      this.#end(read);
    }
    return false;
  }

  #lose(errno: number): void {
    if (!this.#gone) this.#parts.observer.deviceGone(errno);
    this.#gone = true;
    this.#endAll();
  }

  #endAll(): void {
    this.#pending.takeArrivals();
    const { clients, hints } = this.#pending;
    for (const read of [...clients, ...hints]) this.#end(read);
    this.#writes?.refuseAll(this.#gone ? EIO : ESHUTDOWN);
  }
}
