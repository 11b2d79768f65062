// Memory layout of a FileMap: header, chunk directory, extents. ExtentCursor interprets them.
//
// The extents are kept in chunks of at most CHUNK extents, in ascending order; the directory lists the chunks in
// order, each with its first position and its slab. So a new extent moves a chunk's extents (0.1 us), not all of
// them (0.4 ms for 1,000,000), and a lookup is two short binary searches.

import { assert } from "../base/assert.ts";

/** Most extents of a chunk. Measured with 1,000,000 extents: 128, 256, 512 and 1024 are alike. */
export const CHUNK = 512;
/** Two neighbouring chunks with no more extents than this together become one: so memory is never mostly air. */
export const MERGE_AT = CHUNK * 3 / 4;

/** Words (Int32). The two of the lock have a cache line each: readers write the first. */
export const SEQUENCE = 0;
export const HOLD = 16;
/** Number of chunks in the directory. */
export const CHUNKS = 32;
/** Number of extents. */
export const EXTENTS = 33;
/** Number of slabs on the free list, and the lowest slab that was never used (so never touched). */
export const FREE = 34;
export const FRESH = 35;
/** Character code of the rescue's phase, and its pass. */
export const PHASE = 36;
export const PASS = 37;

/** Numbers (Float64), in the words' memory behind them. */
export const MAGIC = 24;
export const SIZE = 25;
export const MAX_TRANSITIONS = 26;
export const POSITION = 27;
/** Bytes of each status, STATUS_COUNT of them. */
export const TOTALS = 28;

const HEADER_BYTES = 64 * 4 + 64;
const MAGIC_NUMBER = 0x626c6b6d6170;

/** Views of a FileMap's shared memory; every thread makes its own over the same buffer. */
export class MapMemory {
  readonly buffer: SharedArrayBuffer;
  readonly words: Int32Array<SharedArrayBuffer>;
  readonly numbers: Float64Array<SharedArrayBuffer>;
  /** Constant copies of SIZE and MAX_TRANSITIONS. */
  readonly size: number;
  readonly maxTransitions: number;
  /** Slabs, each with room for the extents of one chunk. */
  readonly maxChunks: number;
  /** Directory, by chunk: position of its first extent, and its slab. */
  readonly first: Float64Array<SharedArrayBuffer>;
  readonly slab: Uint32Array<SharedArrayBuffer>;
  /** Number of extents, by slab. */
  readonly count: Uint32Array<SharedArrayBuffer>;
  /** Slabs given back. */
  readonly free: Uint32Array<SharedArrayBuffer>;
  /** Extents, CHUNK for each slab: where it starts, and its status. */
  readonly starts: Float64Array<SharedArrayBuffer>;
  readonly statuses: Uint8Array<SharedArrayBuffer>;

  /** @throws {RangeError} when the system does not give so much address space. */
  static create(size: number, maxTransitions: number): MapMemory {
    const buffer = new SharedArrayBuffer(bytesFor(maxTransitions));
    const numbers = new Float64Array(buffer, 0, HEADER_BYTES / 8);
    numbers[MAGIC] = MAGIC_NUMBER;
    numbers[SIZE] = size;
    numbers[MAX_TRANSITIONS] = maxTransitions;
    return new MapMemory(buffer);
  }

  /** Views memory that `create` has made, in any thread. */
  constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer;
    this.words = new Int32Array(buffer, 0, HEADER_BYTES / 4);
    this.numbers = new Float64Array(buffer, 0, HEADER_BYTES / 8);
    assert(this.numbers[MAGIC] === MAGIC_NUMBER, "this is the memory of a map");
    this.size = this.numbers[SIZE];
    this.maxTransitions = this.numbers[MAX_TRANSITIONS];
    const chunks = chunksFor(this.maxTransitions);
    this.maxChunks = chunks;
    let at = HEADER_BYTES;
    this.first = new Float64Array(buffer, at, chunks);
    this.starts = new Float64Array(buffer, at += chunks * 8, chunks * CHUNK);
    this.slab = new Uint32Array(buffer, at += chunks * CHUNK * 8, chunks);
    this.count = new Uint32Array(buffer, at += chunks * 4, chunks);
    this.free = new Uint32Array(buffer, at += chunks * 4, chunks);
    this.statuses = new Uint8Array(buffer, at += chunks * 4, chunks * CHUNK);
  }
}

/** Two neighbours have more than MERGE_AT extents together; one chunk may lack a partner, one is being split. */
function chunksFor(maxTransitions: number): number {
  return 2 * Math.ceil(maxTransitions / (MERGE_AT + 1)) + 2;
}

function bytesFor(maxTransitions: number): number {
  return HEADER_BYTES + chunksFor(maxTransitions) * (8 + 4 + 4 + 4 + CHUNK * 9);
}

/** The map cannot hold one more extent. It is as it was before the call. */
export class FileMapFullError extends Error {
  override name = "FileMapFullError";
  /** Extents that it can hold. */
  readonly maxTransitions: number;

  constructor(maxTransitions: number) {
    super(`the map is full: it holds at most ${maxTransitions} areas`);
    this.maxTransitions = maxTransitions;
  }
}
