// A session's memory for bytes that the image cannot take: the reader puts them there, and the client gets them
// from there. Much of it may be wanted at a time, so what exceeds the limit is asked for later. Session thread.
import { BounceBuffer, bounceSize } from "../shared/bounce_buffer.ts";
import type { MemoryBudget } from "../shared/memory_budget.ts";
import { SystemError } from "../sys/system_error.ts";

/**
 * Most memory of a session in use, bytes, one request excepted. A client could ask for 256 times 32 MiB; ordinary ones have
 * less than this in flight.
 */
const MAX_BYTES = 67_108_864;

/** See the head of this file. */
export class Bounces {
  readonly #sectorSize: number;
  readonly #starts: Float64Array;
  readonly #ends: Float64Array;
  readonly #ask: (token: number) => void;
  readonly #memory: MemoryBudget;
  readonly #buffers: (BounceBuffer | null)[];
  /** Tokens that are not asked yet. */
  readonly #deferred: number[] = [];
  #bytes = 0;

  /**
   * @param starts where the range of each token begins, on a sector.
   * @param ends where it ends.
   * @param memory what all sessions have together for this.
   * @param ask hands a token's request to the reader, with the memory it has got.
   */
  constructor(
    sectorSize: number,
    starts: Float64Array,
    ends: Float64Array,
    ask: (token: number) => void,
    memory: MemoryBudget,
  ) {
    this.#sectorSize = sectorSize;
    this.#starts = starts;
    this.#ends = ends;
    this.#ask = ask;
    this.#memory = memory;
    this.#buffers = new Array(starts.length).fill(null);
  }

  /** Whether any token has memory. It gives it back when it is collected. */
  get inUse(): boolean {
    return this.#bytes > 0;
  }

  /** The memory of a token, or null. */
  of(token: number): BounceBuffer | null {
    return this.#buffers[token];
  }

  /** Asks with memory for the bytes: at once, or when there is some left. @returns false when there is none. */
  ask(token: number): boolean {
    const start = this.#starts[token];
    const end = this.#ends[token];
    const size = bounceSize(end - start, this.#sectorSize);
    const isTooMuch = this.#bytes > 0 && this.#bytes + size > MAX_BYTES;
    if (isTooMuch || !this.#memory.take(size)) {
      this.#deferred.push(token);
      return true;
    }
    const buffer = makeBuffer(start, end, this.#sectorSize);
    if (buffer === null) {
      this.#memory.give(size);
      return false;
    }
    this.#buffers[token] = buffer;
    this.#bytes += buffer.size;
    this.#ask(token);
    return true;
  }

  /** Asks without memory for what has been waiting for some: nobody wants it any more. */
  giveUpDeferred(): void {
    this.#memory.stopWaiting();
    for (const token of this.#deferred.splice(0)) this.#ask(token);
  }

  /** Gives a token's memory back, and to those that wait for it. */
  drop(token: number): void {
    const buffer = this.#buffers[token];
    if (buffer === null) return;
    this.#buffers[token] = null;
    this.#bytes -= buffer.size;
    const { size } = buffer;
    buffer.release();
    this.#memory.give(size);
    this.askDeferred();
  }

  /** Asks what has been waiting for memory, which there may be now. */
  askDeferred(): void {
    if (this.#deferred.length === 0) return;
    // What does not fit puts itself back at the end.
    for (const deferred of this.#deferred.splice(0)) {
      if (!this.ask(deferred)) this.#ask(deferred);
    }
  }
}

/** @returns null when memory ends: what the image cannot take is unreadable then. */
function makeBuffer(start: number, end: number, sectorSize: number): BounceBuffer | null {
  try {
    return new BounceBuffer(start, end, sectorSize);
  } catch (error) {
    if (error instanceof SystemError) return null;
    throw error;
  }
}
