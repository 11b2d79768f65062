// A device behind its cache, as one session sees it: cached bytes at once from the image, everything else
// by asking the reader. Session thread only. It implements what the protocols (nbd, fuse) want of a source.
import { type FileMap, type Run } from "../map/file_map.ts";
import { FINISHED, NON_TRIED } from "../map/statuses.ts";
import { SessionQueue } from "../shared/request_queue.ts";
import {
  KIND_BYPASS,
  KIND_CLIENT,
  KIND_PREFETCH,
  KIND_READ_AHEAD,
  PARKED_PER_SESSION,
  PHASE_SERVING,
  RESULT_BOUNCED,
  RESULT_UNCACHED,
  SESSION_MISSES,
  type SharedState,
} from "../shared/shared_state.ts";
import { copyMemory, tryPreadAll, trySeekData, trySeekHole } from "../sys/fd.ts";
import { ENXIO } from "../sys/errno.ts";
import { NativeMemory } from "../sys/memory.ts";
import { MISSING } from "./publisher.ts";
import { ReadAhead } from "./read_ahead.ts";

/** Which image, and where the session wants its bytes. */
export interface CachedFileOptions {
  readonly map: FileMap;
  readonly state: SharedState;
  readonly session: number;
  /** Descriptor of the image. */
  readonly image: number;
  /** Bytes. */
  readonly size: number;
  readonly sectorSize: number;
  /** Most that is read beyond a sequential request, bytes. */
  readonly readAhead: number;
  /** The session's send buffer, which `readCached` and `collect` copy into. */
  readonly output: NativeMemory;
}

/** A run of bytes in one state. */
export interface Extent {
  end: number;
  status: number;
  zero: boolean;
}

/** See the head of this file. Tokens are the protocol's numbers for its parked reads. */
export class CachedFile {
  readonly size: number;
  readonly sectorSize: number;
  readonly maxParked = PARKED_PER_SESSION;

  readonly #map: FileMap;
  readonly #state: SharedState;
  readonly #session: number;
  readonly #image: number;
  readonly #output: NativeMemory;
  readonly #queue: SessionQueue;
  readonly #readAhead: ReadAhead;

  /** What was asked with each token, in whole sectors; the reader knows no others. */
  readonly #kinds = new Int32Array(PARKED_PER_SESSION);
  readonly #starts = new Float64Array(PARKED_PER_SESSION);
  readonly #ends = new Float64Array(PARKED_PER_SESSION);
  /** 1 from `park` until `nextEnded` has returned the token. */
  readonly #waiting = new Uint8Array(PARKED_PER_SESSION);
  /** Memory for bytes that the image cannot take, while it cannot; kept until the token is used again. */
  readonly #bounce: (NativeMemory | null)[] = new Array(PARKED_PER_SESSION).fill(null);
  #waitingCount = 0;

  readonly #run: Run = { end: 0, status: NON_TRIED };
  readonly #unreadable: number[] = [];
  constructor(options: CachedFileOptions) {
    this.size = options.size;
    this.sectorSize = options.sectorSize;
    this.#map = options.map;
    this.#state = options.state;
    this.#session = options.session;
    this.#image = options.image;
    this.#output = options.output;
    this.#queue = new SessionQueue(options.state, options.session);
    this.#readAhead = new ReadAhead(options.size, options.readAhead);
  }

  /** True once the session must end: shutdown, or another disc. */
  get ending(): boolean {
    return this.#state.phase !== PHASE_SERVING;
  }

  // --- reads --------------------------------------------------------------------------------------

  /** Copies the range to `output` at `at` if all of it is cached. Never waits for the device. */
  readCached(at: number, offset: number, length: number): boolean {
    return this.#map.isFinished(offset, offset + length) && this.#readImage(at, offset, length);
  }

  #readImage(at: number, offset: number, length: number): boolean {
    return tryPreadAll(this.#image, this.#output.address + at, length, offset) === length;
  }

  /** The client has read this range: looks whether it reads on, and asks for what comes next. */
  noteRead(offset: number, length: number): void {
    const ahead = this.#readAhead.note(offset, length);
    if (ahead === 0) return;
    const { start } = this.#readAhead;
    this.#hint(KIND_READ_AHEAD, start, start + ahead);
  }

  /** Asks for what is missing of the range, unless the first of it has failed before. */
  #hint(kind: number, start: number, end: number): void {
    const missing = this.#map.find(start, end, MISSING);
    if (missing < 0 || this.#map.at(missing) !== NON_TRIED) return;
    this.#queue.hint(kind, missing, end - missing);
  }

  /** Asks for a range of which some is not cached. `token` is in use until `nextEnded` has returned it. */
  park(token: number, offset: number, length: number): void {
    const { sectorSize } = this;
    this.#starts[token] = offset - (offset % sectorSize);
    this.#ends[token] = Math.min(
      this.size,
      Math.ceil((offset + length) / sectorSize) * sectorSize,
    );
    // All of it is `+`, yet readCached failed: the image has lost bytes that the map claims.
    const kind = this.#map.isFinished(offset, offset + length) ? KIND_BYPASS : KIND_CLIENT;
    this.#kinds[token] = kind;
    this.#waiting[token] = 1;
    this.#state.setParked(this.#session, ++this.#waitingCount);
    this.#state.count(this.#session, SESSION_MISSES, 1);
    this.#ask(token, kind === KIND_BYPASS || this.#state.imageSick);
  }

  #ask(token: number, bounced: boolean): void {
    const start = this.#starts[token];
    const length = this.#ends[token] - start;
    this.#dropBounce(token);
    const bounce = bounced ? NativeMemory.allocate(length) : null;
    this.#bounce[token] = bounce;
    const address = bounce === null ? 0 : bounce.address;
    this.#queue.park(token, this.#kinds[token], start, length, address);
  }

  /** The next parked read that has ended, or -1. Never blocks. */
  nextEnded(): number {
    for (;;) {
      const token = this.#queue.nextEnded();
      if (token < 0) return -1;
      if (this.#queue.result(token) === RESULT_UNCACHED && !this.ending) {
        // The image went bad in between: once more, with memory for the bytes.
        this.#ask(token, true);
        continue;
      }
      this.#waiting[token] = 0;
      this.#state.setParked(this.#session, --this.#waitingCount);
      return token;
    }
  }

  /**
   * Copies what there is of an ended read to `output` at `at`.
   * @returns the number of unreadable runs, listed by `unreadableStart` and `unreadableEnd`.
   */
  collect(token: number, at: number, offset: number, length: number): number {
    // Only RESULT_BOUNCED says that the buffer holds every byte that the map does not call bad.
    const bounce = this.#queue.result(token) === RESULT_BOUNCED ? this.#bounce[token] : null;
    const bypass = this.#kinds[token] === KIND_BYPASS;
    const bounceAddress = bounce === null ? 0 : bounce.address - this.#starts[token];
    const end = offset + length;
    this.#unreadable.length = 0;
    for (let start = offset; start < end; start = this.#run.end) {
      this.#map.run(start, end, this.#run);
      const { status, end: runEnd } = this.#run;
      const runAt = at + start - offset;
      if (status === FINISHED && !(bypass && bounce !== null)) {
        if (this.#readImage(runAt, start, runEnd - start)) continue;
      } else if (bounce !== null && (status === FINISHED || status === NON_TRIED)) {
        copyMemory(this.#output.address + runAt, bounceAddress + start, runEnd - start);
        continue;
      }
      this.#addUnreadable(start, runEnd);
    }
    return this.#unreadable.length / 2;
  }

  #addUnreadable(start: number, end: number): void {
    const last = this.#unreadable.length - 1;
    if (last >= 0 && this.#unreadable[last] === start) this.#unreadable[last] = end;
    else this.#unreadable.push(start, end);
  }

  /** Start of the i-th unreadable run of the last `collect`, a device offset in bytes. */
  unreadableStart(index: number): number {
    return this.#unreadable[index * 2];
  }
  /** End of the i-th unreadable run of the last `collect`. */
  unreadableEnd(index: number): number {
    return this.#unreadable[index * 2 + 1];
  }

  // --- the rest -----------------------------------------------------------------------------------

  /** Asks for a range to be cached; nobody waits for it. */
  prefetch(offset: number, length: number): void {
    this.#hint(KIND_PREFETCH, offset, offset + length);
  }

  /** Describes the run that begins at `offset`; its end is at most `limit`. */
  describe(offset: number, limit: number, extent: Extent): void {
    this.#map.run(offset, limit, this.#run);
    extent.end = this.#run.end;
    extent.status = this.#run.status;
    extent.zero = false;
    if (extent.status !== FINISHED) return;
    // The map is asked first: a hole in a `+` run reads as zeros, now and later.
    const data = trySeekData(this.#image, offset);
    if (data === -ENXIO) extent.zero = true;
    else if (data > offset) {
      extent.zero = true;
      extent.end = Math.min(extent.end, data);
    } else if (data === offset) {
      const hole = trySeekHole(this.#image, offset);
      if (hole > offset) extent.end = Math.min(extent.end, hole);
    }
  }

  /** True when something parked has ended already: do not sleep. Otherwise the eventfd will ring. */
  armWakeUp(): boolean {
    return this.#queue.armWakeUp();
  }
  disarmWakeUp(): void {
    this.#queue.disarmWakeUp();
  }

  /** The client has left: the reader need not bother with what it has parked. */
  endClient(): void {
    for (let token = 0; token < PARKED_PER_SESSION; token++) {
      // The reader may be writing into the memory of a waiting one at this moment.
      if (this.#waiting[token] !== 0) this.#queue.cancel(token);
      else this.#dropBounce(token);
    }
    this.#readAhead.reset();
  }

  #dropBounce(token: number): void {
    this.#bounce[token]?.release();
    this.#bounce[token] = null;
  }

  /** Parked reads that have not ended: after `endClient`, those that the device still works on. */
  get waiting(): number {
    return this.#waitingCount;
  }
}
