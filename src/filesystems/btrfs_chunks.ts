// Where the logical addresses of a btrfs lie on its only device: its chunks, one or two copies of each.
import { expect } from "./file_system_use.ts";

/** A gigabyte each, mostly: those of a device of 100 TB. */
const MAX_CHUNKS = 100_000;
/** Profiles that one device can have: none, and two copies. */
const STRIPES_OF_ONE_DEVICE = 2;
const SYSTEM_CHUNKS = 0x32b;
const MOST_SYSTEM_BYTES = 2048;
const CHUNK_ITEM = 228;
const KEY_BYTES = 17;
const FIRST_STRIPE = 48;
const STRIPE_BYTES = 32;

/** Bytes. */
interface Chunk {
  readonly logical: number;
  readonly length: number;
  /** Of each copy, on the device. */
  readonly places: readonly number[];
}

export class BtrfsChunks {
  readonly #size: number;
  readonly #chunks: Chunk[] = [];
  /** By their logical addresses; undefined when one was added meanwhile. */
  #sorted: Chunk[] | undefined;

  /** Knows the chunks that the superblock lists: those of the chunk tree. @param size of the device. */
  constructor(superblock: DataView, size: number) {
    this.#size = size;
    const end = SYSTEM_CHUNKS + Math.min(superblock.getUint32(0xa0, true), MOST_SYSTEM_BYTES);
    for (let at = SYSTEM_CHUNKS; at + KEY_BYTES + FIRST_STRIPE <= end;) {
      const logical = Number(superblock.getBigUint64(at + 9, true));
      if (superblock.getUint8(at + 8) !== CHUNK_ITEM) return;
      const item = at + KEY_BYTES;
      const length = FIRST_STRIPE + superblock.getUint16(item + 44, true) * STRIPE_BYTES;
      if (item + length > end) return;
      this.add(logical, new DataView(superblock.buffer, superblock.byteOffset + item, length));
      at = item + length;
    }
  }

  /** @param item of the chunk tree. @throws {SickFileSystem} when it is on more than one device. */
  add(logical: number, item: DataView): void {
    if (item.byteLength < FIRST_STRIPE + STRIPE_BYTES || this.#chunks.length >= MAX_CHUNKS) return;
    const length = Number(item.getBigUint64(0, true));
    const stripes = item.getUint16(44, true);
    expect(stripes >= 1 && stripes <= STRIPES_OF_ONE_DEVICE, "chunks span several devices");
    if (item.byteLength < FIRST_STRIPE + stripes * STRIPE_BYTES) return;
    const places = Array.from(
      { length: stripes },
      (_, index) => Number(item.getBigUint64(FIRST_STRIPE + index * STRIPE_BYTES + 8, true)),
    );
    const isInside = length > 0 && places.every((place) => place + length <= this.#size);
    if (!isInside) return;
    this.#chunks.push({ logical, length, places });
    this.#sorted = undefined;
  }

  /** Tells where each copy of [logical, logical + length) lies; what is in no chunk is nowhere. */
  places(logical: number, length: number, take: (start: number, end: number) => void): void {
    const sorted = this.#sorted ??= this.#chunks.toSorted((a, b) => a.logical - b.logical);
    const end = logical + length;
    for (let index = firstBehind(sorted, logical); index < sorted.length; index++) {
      const chunk = sorted[index]!;
      if (chunk.logical >= end) return;
      const from = Math.max(logical, chunk.logical) - chunk.logical;
      const to = Math.min(end, chunk.logical + chunk.length) - chunk.logical;
      if (from < to) { for (const place of chunk.places) take(place + from, place + to); }
    }
  }
}

/** Index of the first chunk that ends behind an address. */
function firstBehind(chunks: readonly Chunk[], logical: number): number {
  let low = 0;
  let high = chunks.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const { logical: start, length } = chunks[middle]!;
    if (start + length > logical) high = middle;
    else low = middle + 1;
  }
  return low;
}
