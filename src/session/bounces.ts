// A session's memory for bytes that the image cannot take: the reader puts them there, and the client gets them
// from there. Much of it may be wanted at a time, so what exceeds the limit is asked for later. Session thread.
import { BounceBuffer, bounceSize } from "../shared/bounce_buffer.ts";
import type { MemoryBudget } from "../shared/memory_budget.ts";
import type { SessionQueue } from "../shared/request_queue.ts";
import { SystemError } from "../sys/system_error.ts";

/**
 * Most memory of a session in use, bytes, one request excepted. A client could ask for 256 times 32 MiB; ordinary ones have
 * less than this in flight.
 */
const MAX_BYTES = 67_108_864;

/** A session's bounce buffers: memory for bytes that the image cannot take. Session thread. */
export class Bounces {
  readonly #sectorSize: number;
  readonly #queue: SessionQueue;
  readonly #memory: MemoryBudget;
  readonly #buffers: (BounceBuffer | null)[];
  /** Slots whose request has not been asked yet. */
  readonly #deferred: number[] = [];
  #bytes = 0;

  /**
   * @param queue where the requests are noted, in whole sectors.
   * @param count slots.
   * @param memory what all sessions have together for this.
   */
  constructor(
    sectorSize: number,
    queue: SessionQueue,
    count: number,
    memory: MemoryBudget,
  ) {
    this.#sectorSize = sectorSize;
    this.#queue = queue;
    this.#memory = memory;
    this.#buffers = new Array(count).fill(null);
  }

  /** Whether any slot has memory. It gives it back when it is collected. */
  get inUse(): boolean {
    return this.#bytes > 0;
  }

  /** The memory of a slot, or null. */
  of(slot: number): BounceBuffer | null {
    return this.#buffers[slot];
  }

  /** Asks with memory for the bytes: at once, or when there is some left. @returns false when there is none. */
  ask(slot: number): boolean {
    const start = this.#queue.start(slot);
    const end = this.#queue.end(slot);
    const size = bounceSize(end - start, this.#sectorSize);
    const isTooMuch = this.#bytes > 0 && this.#bytes + size > MAX_BYTES;
    if (isTooMuch || !this.#memory.take(size)) {
      this.#deferred.push(slot);
      return true;
    }
    const buffer = makeBuffer(start, end, this.#sectorSize);
    if (buffer === null) {
      this.#memory.give(size);
      return false;
    }
    this.#buffers[slot] = buffer;
    this.#bytes += buffer.size;
    this.#queue.ask(slot, buffer.address);
    return true;
  }

  /** Asks without memory for the reads that have been waiting for some: their client has left. */
  giveUpDeferred(): void {
    this.#memory.stopWaiting();
    for (const slot of this.#deferred.splice(0)) this.#queue.ask(slot, 0);
  }

  /** Gives the memory of a slot back, and to those that wait for it. */
  drop(slot: number): void {
    const buffer = this.#buffers[slot];
    if (buffer === null) return;
    this.#buffers[slot] = null;
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
      if (!this.ask(deferred)) this.#queue.ask(deferred, 0);
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
