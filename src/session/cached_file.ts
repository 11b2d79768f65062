// A device behind its cache, as one session sees it: cached bytes at once from the image, everything else
// by asking the reader. Session thread only. It implements the interface that the protocols (nbd, fuse) serve.
import { PendingRequests } from "../base/pending_requests.ts";
import { alignDown, alignUp } from "../base/ranges.ts";
import { type Extent, type FileMap } from "../map/file_map.ts";
import { FINISHED, MISSING, NON_TRIED } from "../map/statuses.ts";
import type { DescribedExtent, NbdBackend } from "../nbd/backend.ts";
import { MemoryBudget, POOL_REQUESTS } from "../shared/memory_budget.ts";
import { SessionQueue } from "../shared/request_queue.ts";
import {
  KIND_BYPASS,
  KIND_CLIENT,
  KIND_PREFETCH,
  KIND_READ_AHEAD,
  KIND_WRITE,
  PARKED_PER_SESSION,
  RESULT_UNCACHED,
  SESSION_MISSES,
  type SharedState,
} from "../shared/shared_state.ts";
import { Touched } from "../shared/touched.ts";
import { seekEnd, tryPreadAll } from "../sys/fd.ts";
import type { NativeMemory } from "../sys/memory.ts";
import { Bounces } from "./bounces.ts";
import { describeData } from "./described_data.ts";
import type { DeviceWriter } from "./device_writer.ts";
import { ReadAhead } from "./read_ahead.ts";

/** Which image, and where the session wants its bytes. */
export interface CachedFileOptions {
  readonly map: FileMap;
  readonly state: SharedState;
  readonly session: number;
  /** Descriptor of the image. */
  readonly imageFd: number;
  /** Bytes. */
  readonly size: number;
  readonly sectorSize: number;
  /** Most that is read beyond a sequential request, bytes. */
  readonly readAhead: number;
  /** Nothing is read ahead from here on; default: the end. */
  readonly readAheadEnd?: number;
  /** Memory that notes what clients read (shared/touched.ts); undefined: it is not recorded. */
  readonly touched?: SharedArrayBuffer | undefined;
  /** The session's send buffer, which `readCached` and `collect` copy into. */
  readonly output: NativeMemory;
}

/** A device behind its cache, as one session sees it: what the protocols serve. Session thread only. */
export class CachedFile implements NbdBackend {
  readonly size: number;
  readonly sectorSize: number;
  readonly pending = new PendingRequests(PARKED_PER_SESSION);
  /** Takes writes to the device; undefined: there are none. Set before the first client comes. */
  writer: DeviceWriter | undefined = undefined;
  /** What requests may take of the memory that all sessions have for them together. */
  readonly memory: MemoryBudget;

  readonly #map: FileMap;
  readonly #state: SharedState;
  readonly #session: number;
  readonly #imageFd: number;
  readonly #output: NativeMemory;
  readonly #queue: SessionQueue;
  readonly #readAhead: ReadAhead;
  readonly #touched: Touched | undefined;

  readonly #bounces: Bounces;
  /** The image has lost bytes that the map claims: what is parked comes from the device whole. */
  #imageLost = false;

  readonly #extent: Extent = { end: 0, status: NON_TRIED };
  readonly #unreadable: number[] = [];

  constructor(options: CachedFileOptions) {
    this.size = options.size;
    this.sectorSize = options.sectorSize;
    this.#map = options.map;
    this.#state = options.state;
    this.#session = options.session;
    this.#imageFd = options.imageFd;
    this.#output = options.output;
    this.#queue = new SessionQueue(options.state, options.session);
    this.#touched = options.touched &&
      new Touched(options.touched, options.size, options.sectorSize);
    this.#readAhead = new ReadAhead(options.readAheadEnd ?? options.size, options.readAhead);
    this.memory = new MemoryBudget(options.state, options.session, POOL_REQUESTS);
    this.#bounces = new Bounces(
      options.sectorSize,
      this.#queue,
      PARKED_PER_SESSION,
      this.memory,
    );
  }

  /** True once the session must end: shutdown, or another disc. */
  get ending(): boolean {
    return this.#state.ending;
  }

  // --- reads --------------------------------------------------------------------------------------

  /** Copies the range to `output` at `at` if all of it is cached. Never waits for the device. */
  readCached(at: number, offset: number, length: number): boolean {
    if (!this.#map.isFinished(offset, offset + length)) return false;
    return this.#readImage(at, offset, length) === length;
  }

  /** Whether all of the range is cached. */
  isCached(offset: number, length: number): boolean {
    return this.#map.isFinished(offset, offset + length);
  }

  /** The image, while it is sound and all of the range is cached; else -1. */
  fileOf(offset: number, length: number): number {
    const end = offset + length;
    // While a bounce buffer is in use, a parked read may still need it, so do not bypass it with sendfile.
    if (this.#bounces.inUse || this.#state.imageDamaged) return -1;
    if (!this.#map.isFinished(offset, end)) return -1;
    // An image that was cut short is found out here, before a reply has begun.
    return seekEnd(this.#imageFd) >= end ? this.#imageFd : -1;
  }

  /** @returns bytes, fewer than `length` when the image has lost the next one. */
  #readImage(at: number, offset: number, length: number): number {
    const count = tryPreadAll(this.#imageFd, this.#output.address + at, length, offset);
    if (count === length) return count;
    this.#imageLost = true;
    this.#state.noteImageDamaged();
    return Math.max(0, count);
  }

  /** The client has read this range: looks whether it reads on, and asks for what comes next. */
  noteRead(offset: number, length: number): void {
    this.#touched?.note(offset, length);
    const ahead = this.#readAhead.note(offset, length);
    if (ahead === 0) return;
    const { start } = this.#readAhead;
    this.#hint(KIND_READ_AHEAD, start, start + ahead);
  }

  /** Asks for what is missing of the range, unless the first of it has failed before. */
  #hint(kind: number, start: number, end: number): void {
    const missing = this.#map.find(start, end, MISSING);
    if (missing < 0 || this.#map.at(missing) !== NON_TRIED) return;
    const from = alignDown(missing, this.sectorSize);
    this.#queue.hint(kind, from, Math.min(this.size, alignUp(end, this.sectorSize)) - from);
  }

  /** Asks for the range of a slot, of which some is not cached. */
  park(slot: number): void {
    const offset = this.pending.offsets[slot];
    this.parkRange(slot, offset, offset + this.pending.lengths[slot]);
  }

  /** Asks for a part of the range of a slot. The reader is asked for whole sectors. */
  parkRange(slot: number, from: number, to: number): void {
    const start = alignDown(from, this.sectorSize);
    const end = Math.min(this.size, alignUp(to, this.sectorSize));
    this.#note(slot, this.#imageLost ? KIND_BYPASS : KIND_CLIENT, start, end - start);
    this.#state.count(this.#session, SESSION_MISSES, 1);
    if ((this.#imageLost || this.#state.imageSick) && this.#bounces.ask(slot)) return;
    this.#queue.ask(slot, 0);
  }

  /** Hands a write to the reader: a KIND_ of one. `address` is that of its payload, or 0. */
  parkWrite(slot: number, kind: number, offset: number, length: number, address: number): void {
    this.#note(slot, kind, offset, length);
    this.#queue.ask(slot, address);
  }

  #note(slot: number, kind: number, offset: number, length: number): void {
    this.#bounces.drop(slot);
    this.#queue.note(slot, kind, offset, length);
    this.#state.setParked(this.#session, this.pending.underWay);
  }

  /** What was asked for with the slot of an ended read begins here, bytes. */
  askedStart(slot: number): number {
    return this.#queue.start(slot);
  }
  /** What was asked for with the slot of an ended read ends here, bytes. */
  askedEnd(slot: number): number {
    return this.#queue.end(slot);
  }

  /**
   * The slot of the next read or write that has ended and that a client waits for, or -1. It is free; its range and
   * its data stay until it is taken again. Never blocks.
   */
  nextEnded(): number {
    this.#bounces.askDeferred();
    for (;;) {
      const slot = this.#queue.nextEnded();
      if (slot < 0) return -1;
      const result = this.#queue.result(slot);
      if (this.#queue.kind(slot) >= KIND_WRITE) this.writer!.ended(slot, -result);
      // The image went bad in between: once more, with memory for the bytes.
      const again = result === RESULT_UNCACHED && this.pending.isWaiting(slot) && !this.ending;
      if (again && this.#bounces.ask(slot)) continue;
      const isWanted = this.pending.release(slot);
      this.#state.setParked(this.#session, this.pending.underWay);
      if (isWanted) return slot;
      this.#bounces.drop(slot);
    }
  }

  /**
   * Copies what there is of an ended read to `output` at `at`; once for each read.
   * @returns the number of unreadable extents, listed by `unreadableStart` and `unreadableEnd`.
   */
  collect(slot: number, at: number, offset: number, length: number): number {
    const bounce = this.#bounces.of(slot);
    const end = offset + length;
    const shift = at - offset;
    this.#unreadable.length = 0;
    for (let start = offset, extentEnd = end; start < end; start = extentEnd) {
      extentEnd = bounce === null ? end : bounce.extentEnd(start, end);
      if (bounce?.has(start)) bounce.copyTo(this.#output.address + shift + start, start, extentEnd);
      else this.#collectCached(shift, start, extentEnd);
    }
    this.#bounces.drop(slot);
    return this.#unreadable.length / 2;
  }

  #collectCached(shift: number, offset: number, end: number): void {
    for (let start = offset; start < end; start = this.#extent.end) {
      this.#map.extentAt(start, end, this.#extent);
      const { status, end: extentEnd } = this.#extent;
      const count = status === FINISHED
        ? this.#readImage(shift + start, start, extentEnd - start)
        : 0;
      if (start + count < extentEnd) this.#addUnreadable(start + count, extentEnd);
    }
  }

  #addUnreadable(start: number, end: number): void {
    const last = this.#unreadable.length - 1;
    if (last >= 0 && this.#unreadable[last] === start) this.#unreadable[last] = end;
    else this.#unreadable.push(start, end);
  }

  /** Start of the i-th unreadable extent of the last `collect`, a device offset in bytes. */
  unreadableStart(index: number): number {
    return this.#unreadable[index * 2];
  }
  /** End of the i-th unreadable extent of the last `collect`. */
  unreadableEnd(index: number): number {
    return this.#unreadable[index * 2 + 1];
  }

  // --- the rest -----------------------------------------------------------------------------------

  /** Asks the reader to cache a range. No client waits for it. */
  prefetch(offset: number, length: number): void {
    this.#hint(KIND_PREFETCH, offset, offset + length);
  }

  /** Describes the extent that begins at `offset`; its end is at most `limit`. */
  describe(offset: number, limit: number, extent: DescribedExtent): void {
    this.#map.extentAt(offset, limit, this.#extent);
    extent.end = this.#extent.end;
    extent.status = this.#extent.status;
    extent.zero = false;
    if (extent.status === FINISHED) describeData(this.#imageFd, offset, extent);
  }

  /** True when something parked has ended. */
  get hasEnded(): boolean {
    return this.#queue.hasEnded;
  }

  /** True when something parked has ended already: do not sleep. Otherwise the eventfd will ring. */
  armWakeUp(): boolean {
    return this.#queue.armWakeUp();
  }
  disarmWakeUp(): void {
    this.#queue.disarmWakeUp();
  }

  /** The client has left: the reader may drop the reads that it has parked. */
  endClient(): void {
    // What was not asked yet ends like the rest.
    this.#bounces.giveUpDeferred();
    this.pending.abandonAll();
    for (let slot = 0; slot < PARKED_PER_SESSION; slot++) {
      // The reader may be filling the memory of a request under way: that is kept until it has ended.
      if (this.pending.isFree(slot)) this.#bounces.drop(slot);
      else if (this.#queue.kind(slot) < KIND_WRITE) this.#queue.cancel(slot);
    }
    if (this.pending.underWay > 0) this.#queue.tellCancelled();
    this.#readAhead.reset();
    this.#imageLost = false;
  }
}
