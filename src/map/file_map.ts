// The status of each byte of a device, shared by all threads: the one truth of a run.
//
// One writer (the thread that touches the device) and any number of readers over one SharedArrayBuffer;
// seqlock.ts says why a reader never sees half a change. Every thread makes its own FileMap over the same
// memory; one FileMap belongs to one thread.
//
// Nothing here waits for the device. A reader waits for a change under way (microseconds); the writer waits
// for readers that it has disturbed PATIENCE times in a row, which are mostly snapshots (about 3 ms for
// 1,000,000 extents).

import { assert } from "../base/assert.ts";
import { HOLD, MapMemory, PASS, PHASE, POSITION, SEQUENCE, TOTALS } from "./map_memory.ts";
import { createMemory, type MapOptions } from "./map_room.ts";
import { copyExtents, type MapSnapshot, phaseOf } from "./map_snapshot.ts";
import { ExtentCursor } from "./extent_cursor.ts";
import { ExtentEditor } from "./extent_editor.ts";
import { PATIENCE, Seqlock } from "./seqlock.ts";
import {
  FINISHED,
  isPhase,
  NON_TRIED,
  type Phase,
  type Status,
  STATUS_COUNT,
  type StatusRange,
} from "./statuses.ts";

export { FileMapFullError } from "./map_memory.ts";
export type { MapSnapshot } from "./map_snapshot.ts";

/** Neighbouring bytes of one status, from an offset that the caller knows. `FileMap.extentAt` fills it in. */
export interface Extent {
  /** End of the extent, bytes, exclusive. */
  end: number;
  status: Status;
}

/** Attempts of a snapshot before it asks the writer to wait. */
const FREE_COPIES = 2;

/** A status for each byte of [0, size), as extents. Equal neighbours are always one extent. */
export class FileMap {
  readonly buffer: SharedArrayBuffer;
  /** Bytes. */
  readonly size: number;
  /** Extents that it can hold. */
  readonly maxTransitions: number;
  readonly #memory: MapMemory;
  readonly #lock: Seqlock;
  readonly #cursor: ExtentCursor;
  readonly #editor: ExtentEditor;

  /**
   * Makes a map that says NON_TRIED everywhere.
   * @param options.sectorSize boundaries lie on its multiples, which decides how many extents there can be.
   * @param options.strayBoundaries how many may lie elsewhere.
   * @param options.maxTransitions exactly how many extents there can be.
   * @throws {RangeError} when the system does not give the address space.
   */
  static create(
    size: number,
    options: MapOptions & { maxTransitions?: number } = {},
  ): FileMap {
    assert(Number.isSafeInteger(size) && size >= 0, "a size is a whole number of bytes");
    const map = new FileMap(
      options.maxTransitions === undefined
        ? createMemory(size, options)
        : MapMemory.create(size, options.maxTransitions),
    );
    map.#editor.clear();
    map.#memory.words[PHASE] = "?".charCodeAt(0);
    map.#memory.words[PASS] = 1;
    return map;
  }

  /** The map that another thread has made, by its `buffer`. */
  static attach(buffer: SharedArrayBuffer): FileMap {
    return new FileMap(new MapMemory(buffer));
  }

  private constructor(memory: MapMemory) {
    this.buffer = memory.buffer;
    this.size = memory.size;
    this.maxTransitions = memory.maxTransitions;
    this.#memory = memory;
    this.#lock = new Seqlock(memory.words, SEQUENCE, HOLD);
    this.#cursor = new ExtentCursor(memory);
    this.#editor = new ExtentEditor(memory);
  }

  // --- the writer's thread ------------------------------------------------------------------------

  /**
   * Gives [start, end) a status. An empty range changes nothing.
   * @throws {FileMapFullError} when there is no room; the map is as it was.
   */
  set(start: number, end: number, status: Status): void {
    assert(Number.isSafeInteger(start) && Number.isSafeInteger(end), "offsets are whole bytes");
    assert(status >= 0 && status < STATUS_COUNT, "a status is one of five");
    this.#check(start, end);
    if (start === end || !this.#editor.plan(start, end, status)) return;
    this.#lock.beginWrite();
    this.#editor.apply();
    this.#lock.endWrite();
  }

  /** Where the rescue is, in bytes: ddrescue's current_pos. */
  get position(): number {
    return this.#readNumber(POSITION);
  }
  set position(position: number) {
    this.#lock.beginWrite();
    this.#memory.numbers[POSITION] = position;
    this.#lock.endWrite();
  }

  /** What the rescue does: ddrescue's current_status. */
  get phase(): Phase {
    return phaseOf(Atomics.load(this.#memory.words, PHASE));
  }
  set phase(phase: Phase) {
    assert(isPhase(phase), "a phase is one of ddrescue's");
    this.#lock.beginWrite();
    this.#memory.words[PHASE] = phase.charCodeAt(0);
    this.#lock.endWrite();
  }

  /** The pass of that phase, from 1. */
  get pass(): number {
    return Atomics.load(this.#memory.words, PASS);
  }
  set pass(pass: number) {
    assert(Number.isInteger(pass) && pass >= 1 && pass < 2 ** 31, "passes count from 1");
    this.#lock.beginWrite();
    this.#memory.words[PASS] = pass;
    this.#lock.endWrite();
  }

  // --- any thread ---------------------------------------------------------------------------------

  /** Changes with each change of the map, its position, phase or pass. */
  get version(): number {
    return this.#lock.version;
  }

  /** Status of the byte at `offset`. */
  at(offset: number): Status {
    this.#check(offset, offset + 1);
    for (let attempt = 0;; attempt++) {
      const sequence = this.#lock.beginRead(attempt);
      this.#cursor.seek(offset);
      const status = this.#cursor.status;
      if (this.#lock.endRead(sequence, attempt)) return status;
    }
  }

  /** Whether all of [start, end) is FINISHED; an empty range is. */
  isFinished(start: number, end: number): boolean {
    this.#check(start, end);
    if (start === end) return true;
    for (let attempt = 0;; attempt++) {
      const sequence = this.#lock.beginRead(attempt);
      this.#cursor.seek(start);
      const finished = this.#cursor.status === FINISHED && this.#cursor.end >= end;
      if (this.#lock.endRead(sequence, attempt)) return finished;
    }
  }

  /** Describes the extent that holds `offset`; its end is at most `limit`, which is above `offset`. */
  extentAt(offset: number, limit: number, out: Extent): void {
    this.#check(offset, limit);
    assert(offset < limit, "an extent has at least a byte");
    for (let attempt = 0;; attempt++) {
      const sequence = this.#lock.beginRead(attempt);
      this.#cursor.seek(offset);
      out.status = this.#cursor.status;
      out.end = Math.min(this.#cursor.end, limit);
      if (this.#lock.endRead(sequence, attempt)) return;
    }
  }

  /**
   * The first byte of [start, limit) whose status is in `mask` (bits `1 << status`), or -1. With a busy
   * writer each chunk is true to the moment at which it was looked at.
   */
  find(start: number, limit: number, mask: number): number {
    this.#check(start, limit);
    const cursor = this.#cursor;
    let position = start;
    for (let attempt = 0; position < limit; attempt++) {
      const sequence = this.#lock.beginRead(attempt);
      cursor.seek(position);
      const stops = cursor.scan(mask, limit);
      const stop = stops ? cursor.start : cursor.chunkEnd;
      if (!this.#lock.endRead(sequence, attempt)) continue;
      if (stops) return stop < limit ? Math.max(stop, start) : -1;
      position = stop;
      attempt = -1;
    }
    return -1;
  }

  /**
   * The end of the last extent of bytes in [limit, end) whose status is in `mask`, at most `end`, or -1: `find`
   * from the other side.
   */
  findBackward(end: number, limit: number, mask: number): number {
    this.#check(limit, end);
    const cursor = this.#cursor;
    let position = end;
    for (let attempt = 0; position > limit; attempt++) {
      const sequence = this.#lock.beginRead(attempt);
      cursor.seek(position - 1);
      const stops = cursor.scanBack(mask);
      if (!stops) cursor.index = 0;
      const stop = stops ? cursor.end : cursor.start;
      if (!this.#lock.endRead(sequence, attempt)) continue;
      if (stops) return stop > limit ? Math.min(stop, end) : -1;
      position = stop;
      attempt = -1;
    }
    return -1;
  }

  /** Bytes that have a status. O(1). */
  total(status: Status): number {
    return this.#readNumber(TOTALS + status);
  }

  /** The extents of [start, end), cut to it. With a busy writer each is true to the moment it was looked at. */
  *ranges(start = 0, end: number = this.size): Generator<StatusRange> {
    this.#check(start, end);
    const extent: Extent = { end: start, status: 0 };
    for (let position = start; position < end; position = extent.end) {
      this.extentAt(position, end, extent);
      yield { start: position, end: extent.end, status: extent.status };
    }
  }

  /**
   * A copy of all of it at one instant, also while the writer is busy.
   * @throws {RangeError} when memory ends.
   */
  snapshot(): MapSnapshot {
    for (let attempt = PATIENCE - FREE_COPIES;; attempt++) {
      const sequence = this.#lock.beginRead(attempt);
      let copy: MapSnapshot | undefined;
      let unchanged = false;
      try {
        copy = copyExtents(this.#memory);
      } finally {
        unchanged = this.#lock.endRead(sequence, attempt);
      }
      if (unchanged && copy !== undefined) return copy;
    }
  }

  #readNumber(index: number): number {
    for (let attempt = 0;; attempt++) {
      const sequence = this.#lock.beginRead(attempt);
      const value = this.#memory.numbers[index];
      if (this.#lock.endRead(sequence, attempt)) return value;
    }
  }

  #check(start: number, end: number): void {
    if (!(start >= 0 && start <= end && end <= this.size)) {
      assert(false, `[${start}, ${end}) is not in the map's [0, ${this.size})`);
    }
  }
}

/** Makes unreadable areas non-tried, and restarts the rescue at its first pass. Writer only. */
export function forgetFailures(map: FileMap): void {
  for (const { start, end, status } of map.ranges()) {
    if (status !== FINISHED && status !== NON_TRIED) map.set(start, end, NON_TRIED);
  }
  if (map.total(FINISHED) === map.size) return;
  map.phase = "?";
  map.pass = 1;
  map.position = 0;
}
