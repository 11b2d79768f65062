// Changes the extents of a map. The writer's thread only; `apply` between beginWrite and endWrite of the lock,
// `plan` before it: it changes nothing, and all that can fail fails there.

import { assert } from "../base/assert.ts";
import { ChunkDirectory } from "./chunk_directory.ts";
import { CHUNK, EXTENTS, FileMapFullError, type MapMemory, TOTALS } from "./map_memory.ts";
import { ExtentCursor } from "./extent_cursor.ts";
import { type Status, STATUS_COUNT } from "./statuses.ts";

/** A split does not halve a chunk when the new extent comes behind this many: maps mostly grow at one end. */
const UNEVEN_SPLIT_AT = CHUNK * 3 / 4;

/** One change at a time: sets all of a range to one status. */
export class ExtentEditor {
  readonly #memory: MapMemory;
  readonly #directory: ChunkDirectory;
  // The extents that go: [from, to). `to` is one extent behind the last of them, in that one's chunk.
  readonly #from: ExtentCursor;
  readonly #to: ExtentCursor;
  #removed = 0;
  /** The extents that replace them: one at `start`, and one at `end` with the status of the extent that was cut there. */
  #addsStart = false;
  #addsEnd = false;
  #start = 0;
  #end = 0;
  #status: Status = 0;
  #endStatus: Status = 0;
  /** Bytes that each status gains. */
  readonly #gains = new Float64Array(STATUS_COUNT);

  constructor(memory: MapMemory) {
    this.#memory = memory;
    this.#directory = new ChunkDirectory(memory);
    this.#from = new ExtentCursor(memory);
    this.#to = new ExtentCursor(memory);
  }

  /** Makes one extent of NON_TRIED bytes of fresh memory. Before any other thread has it. */
  clear(): void {
    this.#directory.addFirst();
    this.#memory.words[EXTENTS] = 1;
    this.#memory.numbers[TOTALS] = this.#memory.size;
  }

  /**
   * Works out what `apply` will do.
   * @param start,end a range that is not empty.
   * @returns false when the range has that status already.
   * @throws {FileMapFullError} when there is no room.
   */
  plan(start: number, end: number, status: Status): boolean {
    const from = this.#from;
    from.seek(start);
    if (from.status === status && from.end >= end) return false;
    this.#start = start;
    this.#end = end;
    this.#status = status;
    this.#planEnd();
    this.#planStart();
    const added = Number(this.#addsStart) + Number(this.#addsEnd);
    if (this.#memory.words[EXTENTS] + added - this.#removed > this.#memory.maxTransitions) {
      throw new FileMapFullError(this.#memory.maxTransitions);
    }
    return true;
  }

  /** Walks from the extent at `start` to the one that reaches `end`, and counts. */
  #planEnd(): void {
    const from = this.#from;
    const to = this.#to;
    to.enter(from.chunk);
    to.index = from.index;
    this.#gains.fill(0);
    this.#removed = 1;
    let position = this.#start;
    let extentEnd = to.end;
    for (; extentEnd < this.#end; extentEnd = to.end) {
      this.#gains[to.status] -= extentEnd - position;
      position = extentEnd;
      to.next();
      this.#removed++;
    }
    this.#gains[to.status] -= this.#end - position;
    this.#gains[this.#status] += this.#end - this.#start;
    this.#endStatus = to.status;
    this.#addsEnd = extentEnd > this.#end && this.#endStatus !== this.#status;
    // An extent of the same status that begins at `end` joins.
    if (extentEnd === this.#end && to.next()) {
      if (to.status === this.#status) this.#removed++;
      else to.previous();
    }
    to.index++;
  }

  /** Decides whether the extent at `start` goes or is cut, and whether its left part joins the new extent. */
  #planStart(): void {
    const from = this.#from;
    if (from.start < this.#start) {
      this.#addsStart = from.status !== this.#status;
    } else if (from.previous()) {
      this.#addsStart = from.status !== this.#status;
      this.#removed++;
    } else {
      this.#addsStart = true;
      return;
    }
    // `from` stands on the extent that stays; those that go begin behind it.
    this.#removed--;
    from.index++;
    if (from.index === from.count && from.chunk < this.#to.chunk) from.enter(from.chunk + 1);
  }

  /** Carries out the planned change. Does not throw. */
  apply(): void {
    const { words, numbers } = this.#memory;
    if (this.#from.chunk === this.#to.chunk) this.#applyInChunk();
    else this.#applyAcrossChunks();
    words[EXTENTS] += Number(this.#addsStart) + Number(this.#addsEnd) - this.#removed;
    for (let status = 0; status < STATUS_COUNT; status++) {
      numbers[TOTALS + status] += this.#gains[status];
    }
  }

  #applyInChunk(): void {
    const directory = this.#directory;
    const added = Number(this.#addsStart) + Number(this.#addsEnd);
    let { chunk, index } = this.#from;
    const count = this.#from.count + added - this.#removed;
    if (count > CHUNK) {
      const cut = index > UNEVEN_SPLIT_AT ? index : CHUNK / 2;
      directory.split(chunk, cut);
      if (index >= cut) {
        chunk++;
        index -= cut;
      }
    }
    directory.splice(chunk, index, this.#removed, added);
    if (this.#addsStart) directory.put(chunk, index++, this.#start, this.#status);
    if (this.#addsEnd) directory.put(chunk, index, this.#end, this.#endStatus);
    if (count > CHUNK || this.#removed > added) directory.tidy(this.#from.chunk);
  }

  /** The new extents take the slots of extents that go, one in the first chunk and one in the last: they always fit. */
  #applyAcrossChunks(): void {
    const directory = this.#directory;
    const from = this.#from;
    const to = this.#to;
    assert(from.index < from.count && to.index > 0, "both chunks lose an extent");
    const kept = from.index + Number(this.#addsStart);
    directory.splice(from.chunk, kept, from.count - kept, 0);
    if (this.#addsStart) directory.put(from.chunk, from.index, this.#start, this.#status);
    directory.splice(to.chunk, 0, to.index - Number(this.#addsEnd), 0);
    if (this.#addsEnd) directory.put(to.chunk, 0, this.#end, this.#endStatus);
    directory.remove(from.chunk + 1, to.chunk);
    directory.tidy(from.chunk);
  }
}
