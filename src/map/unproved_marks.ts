// What the map says because of failed reads that nobody can rely on yet, and what it said before. When the device
// turns out not to have answered, the reader takes all of it back; until the device has proved alive, main leaves it
// out of the mapfile that it saves. The reader writes this memory, main reads it.

import { FileMapFullError } from "./map_memory.ts";
import type { Extent, FileMap } from "./file_map.ts";
import { type MapSnapshot, phaseOf, withStatuses } from "./map_snapshot.ts";
import { Seqlock } from "./seqlock.ts";
import {
  FINISHED,
  maskOf,
  NON_TRIED,
  type Status,
  STATUS_COUNT,
  type StatusRange,
} from "./statuses.ts";

/** Marks at a time. The device is checked after 128 failures, and few failures make more than two marks. */
const MOST = 512;

// Words (Int32).
const SEQUENCE = 0;
const HOLD = 1;
/** 1 while some failure is unproved. */
const IN_DOUBT = 2;
/** Counts up when marks begin to be taken back, and when that is done. */
const TAKEN_BACK = 3;
const COUNT = 4;
const PHASE = 5;
const PASS = 6;
const WORDS = 8;
// Numbers (Float64), behind the words: the position, then start, end and status before of each mark.
const POSITION = 0;
const FIRST = 1;
const FIELDS = 3;

/** A map's phase, pass and position. */
type RescueState = Pick<MapSnapshot, "phase" | "pass" | "position">;

/**
 * Statuses that failed reads have set and that no good read has proved yet, with the statuses
 * before them. Each thread makes its own over the same memory.
 */
export class UnprovedMarks {
  readonly #map: FileMap;
  readonly #words: Int32Array<SharedArrayBuffer>;
  readonly #numbers: Float64Array;
  readonly #lock: Seqlock;
  readonly #extent: Extent = { end: 0, status: NON_TRIED };

  static createMemory(): SharedArrayBuffer {
    return new SharedArrayBuffer(4 * WORDS + 8 * (FIRST + FIELDS * MOST));
  }

  constructor(memory: SharedArrayBuffer, map: FileMap) {
    this.#map = map;
    this.#words = new Int32Array(memory, 0, WORDS);
    this.#numbers = new Float64Array(memory, 4 * WORDS);
    this.#lock = new Seqlock(this.#words, SEQUENCE, HOLD);
  }

  // --- the reader's thread ------------------------------------------------------------------------

  /** A read has failed: what the map says of failures from now on is unproved. */
  begin(): void {
    if (this.isInDoubt) return;
    const { phase, pass, position } = this.#map;
    this.#lock.beginWrite();
    this.#words[PHASE] = phase.charCodeAt(0);
    this.#words[PASS] = pass;
    this.#numbers[POSITION] = position;
    this.#words[IN_DOUBT] = 1;
    this.#lock.endWrite();
  }

  /** Some failure is unproved. */
  get isInDoubt(): boolean {
    return this.#words[IN_DOUBT] === 1;
  }

  /** False when no further mark could be taken back: then none may be made. */
  get hasRoom(): boolean {
    return !this.isInDoubt || this.#words[COUNT]! < MOST;
  }

  /** [start, end) is about to lose the status `before`. Must be told first; needs room. */
  note(start: number, end: number, before: Status): void {
    if (!this.isInDoubt) return;
    const count = this.#words[COUNT]!;
    this.#lock.beginWrite();
    this.#numbers.set([start, end, before], FIRST + FIELDS * count);
    this.#words[COUNT] = count + 1;
    this.#lock.endWrite();
  }

  /** The device has proved alive: what the map says is so. */
  proved(): void {
    if (this.isInDoubt) this.#clear(0);
  }

  /** The device did not answer: restores the previous statuses, except where bytes were read since. */
  takeBack(): void {
    if (!this.isInDoubt) return;
    this.#lock.beginWrite();
    this.#words[TAKEN_BACK]++;
    this.#lock.endWrite();
    for (const { start, end, status } of this.#marks().reverse()) this.#restore(start, end, status);
    const { phase, pass, position } = this.#before();
    this.#map.phase = phase;
    this.#map.pass = pass;
    this.#map.position = position;
    this.#clear(1);
  }

  #clear(takenBack: number): void {
    this.#lock.beginWrite();
    this.#words[COUNT] = 0;
    this.#words[IN_DOUBT] = 0;
    this.#words[TAKEN_BACK] += takenBack;
    this.#lock.endWrite();
  }

  #restore(start: number, end: number, before: Status): void {
    for (let at = start, extentEnd; at < end; at = extentEnd) {
      this.#map.extentAt(at, end, this.#extent);
      extentEnd = this.#extent.end;
      if (this.#extent.status !== FINISHED) this.#set(at, extentEnd, before, this.#extent.status);
    }
  }

  #set(start: number, end: number, before: Status, now: Status): void {
    try {
      this.#map.set(start, end, before);
    } catch (error) {
      if (!(error instanceof FileMapFullError)) throw error;
      // No room to split the extent: all of it goes back, and the proved part is read once more.
      const others = (1 << STATUS_COUNT) - 1 & ~maskOf(now);
      const from = Math.max(0, this.#map.findBackward(start, 0, others));
      const to = this.#map.find(end, this.#map.size, others);
      this.#map.set(from, to < 0 ? this.#map.size : to, before);
    }
  }

  // --- any thread ---------------------------------------------------------------------------------

  /** The map without unproved marks, as it may be saved. @throws {RangeError} when memory ends. */
  snapshot(): MapSnapshot {
    for (;;) {
      const earlier = this.#look();
      const snapshot = this.#map.snapshot();
      const later = this.#look();
      // A mark that was made meanwhile stands in the second list, one that was proved meanwhile in the first.
      if (earlier.takenBack % 2 === 1 || later.takenBack !== earlier.takenBack) continue;
      const rescue = later.before ?? earlier.before;
      if (rescue === undefined) return snapshot;
      return { ...withStatuses(snapshot, [...earlier.marks, ...later.marks]), ...rescue };
    }
  }

  #look(): { takenBack: number; marks: StatusRange[]; before: RescueState | undefined } {
    for (let attempt = 0;; attempt++) {
      const sequence = this.#lock.beginRead(attempt);
      const takenBack = this.#words[TAKEN_BACK]!;
      const marks = this.#marks();
      const before = this.isInDoubt ? this.#before() : undefined;
      if (this.#lock.endRead(sequence, attempt)) return { takenBack, marks, before };
    }
  }

  #before(): RescueState {
    return {
      phase: phaseOf(this.#words[PHASE]!),
      pass: this.#words[PASS]!,
      position: this.#numbers[POSITION]!,
    };
  }

  #marks(): StatusRange[] {
    const count = Math.min(this.#words[COUNT]!, MOST);
    return Array.from({ length: count }, (_, index) => {
      const at = FIRST + FIELDS * index;
      const [start, end, status] = this.#numbers.subarray(at, at + FIELDS);
      return { start: start!, end: end!, status: status! };
    });
  }
}
