// A backend over a plain array: misses what it is told to miss, ends reads when and in the order it is told.

import { PendingRequests } from "../../../src/base/pending_requests.ts";
import { BAD_SECTOR, FINISHED, NON_TRIED } from "../../../src/map/statuses.ts";
import type { DescribedExtent, NbdBackend } from "../../../src/nbd/backend.ts";

interface Parked {
  slot: number;
  offset: number;
  length: number;
}

/** Pending requests that remember which of them were abandoned. */
class NotedRequests extends PendingRequests {
  readonly abandoned: number[] = [];

  override abandon(slot: number): void {
    super.abandon(slot);
    this.abandoned.push(slot);
  }
}

/** Byte at each offset: neighbours, sectors and larger strides all differ. */
export function byteAt(offset: number): number {
  return (offset + (offset >>> 8) * 7 + (offset >>> 16) * 13) & 0xff;
}

/** The bytes of a range. */
export function bytesAt(offset: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let index = 0; index < length; index++) bytes[index] = byteAt(offset + index);
  return bytes;
}

export class ArrayBackend implements NbdBackend {
  readonly size: number;
  readonly sectorSize: number;
  readonly pending: NotedRequests;
  /** Told when the backend is ending. */
  onEnding: () => void = () => {};
  /** Status of each sector. */
  readonly statuses: Uint8Array;
  /** Sectors that read as zeros. */
  readonly zeros = new Set<number>();
  /** Sectors that cannot be read, known only when somebody tries. */
  readonly unreadable = new Set<number>();
  readonly parked: Parked[] = [];
  readonly noted: [number, number][] = [];
  readonly prefetched: [number, number][] = [];
  readonly #output: Uint8Array;
  readonly #ended: number[] = [];
  readonly #busy = new Set<number>();
  #runs: [number, number][] = [];
  #ending = false;

  constructor(
    output: Uint8Array,
    { sectors = 256, sectorSize = 512, maxParked = 4, cached = true } = {},
  ) {
    this.#output = output;
    this.size = sectors * sectorSize;
    this.sectorSize = sectorSize;
    this.pending = new NotedRequests(maxParked);
    this.statuses = new Uint8Array(sectors).fill(cached ? FINISHED : NON_TRIED);
  }

  get ending(): boolean {
    return this.#ending;
  }

  set ending(ending: boolean) {
    this.#ending = ending;
    this.onEnding();
  }

  /** Marks sectors as not read yet. */
  forget(first: number, end: number): this {
    this.statuses.fill(NON_TRIED, first, end);
    return this;
  }

  readCached(at: number, offset: number, length: number): boolean {
    this.#check(offset, length);
    for (const sector of this.#sectors(offset, length)) {
      if (this.statuses[sector] !== FINISHED) return false;
    }
    this.#copy(at, offset, length);
    return true;
  }

  noteRead(offset: number, length: number): void {
    this.noted.push([offset, length]);
  }

  /** The slots that have been abandoned, in order. */
  get abandoned(): readonly number[] {
    return this.pending.abandoned;
  }

  park(slot: number): void {
    const offset = this.pending.offsets[slot]!;
    const length = this.pending.lengths[slot]!;
    this.#check(offset, length);
    if (!this.pending.isWaiting(slot)) throw new Error("the slot has not been taken");
    if (this.#busy.has(slot)) throw new Error("the slot is in use");
    this.#busy.add(slot);
    this.parked.push({ slot, offset, length });
  }

  /** The device answers a parked read: the `index`-th of those that wait. */
  end(index = 0): void {
    const [read] = this.parked.splice(index, 1);
    if (read === undefined) throw new Error("nothing is parked");
    for (const sector of this.#sectors(read.offset, read.length)) {
      this.statuses[sector] = this.unreadable.has(sector) ? BAD_SECTOR : FINISHED;
    }
    this.#ended.push(read.slot);
  }

  hasEnded(): boolean {
    return this.#ended.length > 0;
  }

  nextEnded(): number {
    for (let slot = this.#ended.shift(); slot !== undefined; slot = this.#ended.shift()) {
      this.#busy.delete(slot);
      if (this.pending.release(slot)) return slot;
    }
    return -1;
  }

  collect(_slot: number, at: number, offset: number, length: number): number {
    this.#runs = [];
    this.#copy(at, offset, length);
    for (const sector of this.#sectors(offset, length)) {
      if (this.statuses[sector] === FINISHED) continue;
      const start = Math.max(offset, sector * this.sectorSize);
      const end = Math.min(offset + length, (sector + 1) * this.sectorSize);
      this.#output.fill(0xee, at + start - offset, at + end - offset);
      const last = this.#runs.at(-1);
      if (last?.[1] === start) last[1] = end;
      else this.#runs.push([start, end]);
    }
    return this.#runs.length;
  }

  unreadableStart(index: number): number {
    return this.#runs[index]![0];
  }

  unreadableEnd(index: number): number {
    return this.#runs[index]![1];
  }

  prefetch(offset: number, length: number): void {
    this.#check(offset, length);
    this.prefetched.push([offset, length]);
  }

  describe(offset: number, limit: number, extent: DescribedExtent): void {
    const first = Math.floor(offset / this.sectorSize);
    let sector = first;
    const zero = this.zeros.has(first);
    while (
      this.statuses[sector] === this.statuses[first] && this.zeros.has(sector) === zero &&
      sector * this.sectorSize < limit
    ) sector++;
    extent.end = Math.min(limit, sector * this.sectorSize);
    extent.status = this.statuses[first]!;
    extent.zero = zero;
  }

  *#sectors(offset: number, length: number): Generator<number> {
    const end = Math.ceil((offset + length) / this.sectorSize);
    for (let sector = Math.floor(offset / this.sectorSize); sector < end; sector++) yield sector;
  }

  #copy(at: number, offset: number, length: number): void {
    if (at + length > this.#output.length) throw new Error("the data does not fit");
    const output = this.#output;
    for (let index = 0; index < length; index++) output[at + index] = byteAt(offset + index);
    for (const sector of this.zeros) {
      const start = Math.max(sector * this.sectorSize, offset);
      const end = Math.min((sector + 1) * this.sectorSize, offset + length);
      if (start < end) output.fill(0, at + start - offset, at + end - offset);
    }
  }

  #check(offset: number, length: number): void {
    if (!(offset >= 0 && length > 0 && offset + length <= this.size)) {
      throw new Error(`the range ${offset}+${length} is not within ${this.size}`);
    }
  }
}
