// Changes the runs of a map. The writer's thread only; `apply` between beginWrite and endWrite of the lock,
// `plan` before it: it changes nothing, and all that can fail fails there.

import { assert } from "../base/assert.ts";
import { ChunkDirectory } from "./chunk_directory.ts";
import { CHUNK, FileMapFullError, type MapMemory, RUNS, TOTALS } from "./map_memory.ts";
import { RunCursor } from "./run_cursor.ts";
import { type Status, STATUS_COUNT } from "./statuses.ts";

/** A split does not halve a chunk when the new run comes behind this many: maps mostly grow at one place. */
const UNEVEN_SPLIT_AT = CHUNK * 3 / 4;

/** One change at a time: sets all of a range to one status. */
export class RunEditor {
  readonly #memory: MapMemory;
  readonly #directory: ChunkDirectory;
  // The runs that go: [from, to). `to` is one place behind the last of them, in that one's chunk.
  readonly #from: RunCursor;
  readonly #to: RunCursor;
  #removed = 0;
  /** The runs that replace them: one at `start`, and one at `end` with the status of the run that was cut there. */
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
    this.#from = new RunCursor(memory);
    this.#to = new RunCursor(memory);
  }

  /** Makes one run of NON_TRIED bytes of fresh memory. Before any other thread has it. */
  clear(): void {
    this.#directory.addFirst();
    this.#memory.words[RUNS] = 1;
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
    if (this.#memory.words[RUNS] + added - this.#removed > this.#memory.maxTransitions) {
      throw new FileMapFullError(this.#memory.maxTransitions);
    }
    return true;
  }

  /** Walks from the run at `start` to the one that reaches `end`, and counts. */
  #planEnd(): void {
    const from = this.#from;
    const to = this.#to;
    to.enter(from.chunk);
    to.index = from.index;
    this.#gains.fill(0);
    this.#removed = 1;
    let position = this.#start;
    let runEnd = to.end;
    for (; runEnd < this.#end; runEnd = to.end) {
      this.#gains[to.status] -= runEnd - position;
      position = runEnd;
      to.next();
      this.#removed++;
    }
    this.#gains[to.status] -= this.#end - position;
    this.#gains[this.#status] += this.#end - this.#start;
    this.#endStatus = to.status;
    this.#addsEnd = runEnd > this.#end && this.#endStatus !== this.#status;
    // A run of the same status that begins at `end` joins.
    if (runEnd === this.#end && to.next()) {
      if (to.status === this.#status) this.#removed++;
      else to.previous();
    }
    to.index++;
  }

  /** Decides whether the run at `start` goes or is cut, and whether its left part joins the new run. */
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
    // `from` stands on the run that stays; those that go begin behind it.
    this.#removed--;
    from.index++;
    if (from.index === from.count && from.chunk < this.#to.chunk) from.enter(from.chunk + 1);
  }

  /** Carries out the planned change. Does not throw. */
  apply(): void {
    const { words, numbers } = this.#memory;
    if (this.#from.chunk === this.#to.chunk) this.#applyInChunk();
    else this.#applyAcrossChunks();
    words[RUNS] += Number(this.#addsStart) + Number(this.#addsEnd) - this.#removed;
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

  /** The new runs take places of runs that go, one in the first chunk and one in the last: they always fit. */
  #applyAcrossChunks(): void {
    const directory = this.#directory;
    const from = this.#from;
    const to = this.#to;
    assert(from.index < from.count && to.index > 0, "both chunks lose a run");
    const kept = from.index + Number(this.#addsStart);
    directory.splice(from.chunk, kept, from.count - kept, 0);
    if (this.#addsStart) directory.put(from.chunk, from.index, this.#start, this.#status);
    directory.splice(to.chunk, 0, to.index - Number(this.#addsEnd), 0);
    if (this.#addsEnd) directory.put(to.chunk, 0, this.#end, this.#endStatus);
    directory.remove(from.chunk + 1, to.chunk);
    directory.tidy(from.chunk);
  }
}
