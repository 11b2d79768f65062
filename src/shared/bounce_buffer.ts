// Memory for the bytes of one request that the image cannot take. The session makes it, the reader fills it
// while the request is pending, the session empties it once the request has ended: the queue orders that.
//
// Behind the bytes lies a flag for each sector, 1 once the sector has been filled. So what is there can be
// told without the map, which goes on changing.
import { alignUp } from "../base/ranges.ts";
import { copyMemory } from "../sys/fd.ts";
import { addressOf, NativeMemory } from "../sys/memory.ts";

/** The session's side. */
export class BounceBuffer {
  readonly #memory: NativeMemory;
  readonly #start: number;
  readonly #length: number;
  readonly #sectorSize: number;

  /**
   * For device bytes [start, end); `start` is that of a sector.
   * @throws {SystemError} ENOMEM.
   */
  constructor(start: number, end: number, sectorSize: number) {
    this.#start = start;
    this.#length = end - start;
    this.#sectorSize = sectorSize;
    this.#memory = NativeMemory.allocate(bounceSize(this.#length, sectorSize));
  }

  /** The reader's part of it. */
  get address(): number {
    return this.#memory.address;
  }

  /** Bytes of memory, at most: only what is filled costs any. */
  get size(): number {
    return this.#memory.size;
  }

  has(offset: number): boolean {
    const sector = Math.floor((offset - this.#start) / this.#sectorSize);
    return this.#memory.bytes[this.#length + sector] !== 0;
  }

  /** End of the bytes from `offset` on of which all or none are there, at most `limit`. */
  extentEnd(offset: number, limit: number): number {
    const here = this.has(offset);
    let end = Math.min(limit, alignUp(offset + 1 - this.#start, this.#sectorSize) + this.#start);
    while (end < limit && this.has(end) === here) end += this.#sectorSize;
    return Math.min(end, limit);
  }

  /** Copies device bytes [start, end) to `destination`. */
  copyTo(destination: number, start: number, end: number): void {
    copyMemory(destination, this.#memory.address + start - this.#start, end - start);
  }

  /** The reader must be done with the request. */
  release(): void {
    this.#memory.release();
  }
}

/** Bytes of memory for a request of `length` bytes. */
export function bounceSize(length: number, sectorSize: number): number {
  return length + Math.ceil(length / sectorSize);
}

// A source for flags; never written.
const ONES = new Uint8Array(4096).fill(1);
const onesAddress = addressOf(ONES);

/**
 * The reader's side: fills device bytes [start, end) from memory at `source`.
 * @param bounce address of the buffer; its request is device bytes [requestStart, requestEnd).
 * @param start,end bounds of sectors, or the request's own.
 */
export function fillBounce(
  bounce: number,
  requestStart: number,
  requestEnd: number,
  sectorSize: number,
  from: number,
  start: number,
  end: number,
): void {
  copyMemory(bounce + start - requestStart, from, end - start);
  const flags = bounce + requestEnd - requestStart;
  const first = Math.floor((start - requestStart) / sectorSize);
  const last = Math.ceil((end - requestStart) / sectorSize);
  for (let sector = first; sector < last; sector += ONES.length) {
    copyMemory(flags + sector, onesAddress, Math.min(ONES.length, last - sector));
  }
}
