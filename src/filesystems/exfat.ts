// What exFAT has allocated, by its allocation bitmap. Layout: Microsoft's exFAT file system specification.
import { printable } from "../base/printable.ts";
import { setRuns } from "./bitmap.ts";
import { expect, type FileSystemUse, isPowerOf2, UseBuilder } from "./file_system_use.ts";
import type { PartReader } from "./part_reader.ts";

const BOOT_BYTES = 512;
/** The backup of the boot region follows the first one, in sectors. */
const COPY_SECTOR = 12;
const FIRST_CLUSTER = 2;
const MAX_CLUSTERS = 2 ** 32 - 11;
const ENTRY_BYTES = 32;
/** The root directory is read so far for its three special entries, which stand in front. */
const MAX_ROOT_BYTES = 2 ** 20;
/** Clusters of a chain that are followed: a bitmap of 4 GiB in clusters of 4 KiB takes more than any has. */
const MAX_CHAIN = 2 ** 17;
// Types of entries.
const ALLOCATION_BITMAP = 0x81;
const UPCASE_TABLE = 0x82;
const VOLUME_LABEL = 0x83;
// Flags of the volume.
const SECOND_FAT = 1;
const VOLUME_DIRTY = 2;

/** Bytes, unless the name says otherwise. */
interface Geometry {
  readonly size: number;
  readonly sector: number;
  readonly cluster: number;
  readonly clusters: number;
  readonly fatOffset: number;
  readonly fatBytes: number;
  readonly fats: number;
  readonly heapOffset: number;
  readonly root: number;
  readonly flags: number;
}

/** @throws {SickFileSystem} when boot sector, root directory or bitmap make no sense. */
export function exfatUse(reader: PartReader): FileSystemUse {
  const geometry = readBoot(reader);
  expect(geometry !== undefined, "boot sector makes no sense");
  const { size, fatOffset, fatBytes, fats, heapOffset, flags } = geometry;
  const use = new UseBuilder();
  use.structures.add(0, fatOffset + fatBytes * fats);
  use.data.add(0, heapOffset);
  const heap = new Heap(reader, geometry);
  const root = heap.chain(geometry.root, MAX_ROOT_BYTES);
  const entries = new Entries(reader, root);
  for (const { start, end } of root) use.structures.add(start, end);
  if (entries.upcase !== undefined) {
    const { cluster, length } = entries.upcase;
    for (const { start, end } of heap.chain(cluster, length)) use.structures.add(start, end);
  }
  const bitmap = entries.bitmaps[flags & SECOND_FAT] ?? entries.bitmaps[0];
  expect(bitmap !== undefined, "allocation bitmap cannot be found");
  takeBitmap(reader, geometry, heap.chain(bitmap.cluster, bitmap.length), use);
  return use.finish({
    size,
    label: entries.label,
    doubt: (flags & VOLUME_DIRTY) !== 0 ? "it was not unmounted" : undefined,
  });
}

/** Whether the copy of the boot sector is one. */
export function hasExfatCopy(reader: PartReader): boolean {
  return readBoot(reader) !== undefined;
}

function readBoot(reader: PartReader): Geometry | undefined {
  for (const offset of [0, COPY_SECTOR * 512, COPY_SECTOR * 4096]) {
    const view = reader.view(offset, BOOT_BYTES);
    const geometry = view && parseBoot(view, reader.size);
    if (geometry !== undefined) return geometry;
  }
  return undefined;
}

function parseBoot(view: DataView, size: number): Geometry | undefined {
  const name = Array.from({ length: 8 }, (_, at) => String.fromCharCode(view.getUint8(3 + at)));
  const [sectorBits, clusterBits] = [view.getUint8(0x6c), view.getUint8(0x6d)];
  if (name.join("") !== "EXFAT   " || sectorBits < 9 || sectorBits > 12) return undefined;
  if (sectorBits + clusterBits > 25) return undefined;
  const u32 = (at: number) => view.getUint32(at, true);
  const sector = 2 ** sectorBits;
  const cluster = sector * 2 ** clusterBits;
  const geometry: Geometry = {
    size: Number(view.getBigUint64(0x48, true)) * sector,
    sector,
    cluster,
    clusters: u32(0x5c),
    fatOffset: u32(0x50) * sector,
    fatBytes: u32(0x54) * sector,
    fats: view.getUint8(0x6e),
    heapOffset: u32(0x58) * sector,
    root: u32(0x60),
    flags: view.getUint16(0x6a, true),
  };
  const { clusters, fatOffset, fatBytes, fats, heapOffset } = geometry;
  const isGood = geometry.size <= size && clusters > 0 && clusters <= MAX_CLUSTERS &&
    (fats === 1 || fats === 2) && fatOffset >= 24 * sector &&
    fatOffset + fatBytes * fats <= heapOffset && fatBytes >= (clusters + FIRST_CLUSTER) * 4 &&
    heapOffset + clusters * cluster <= geometry.size && isPowerOf2(cluster, sector, 2 ** 25);
  return isGood ? geometry : undefined;
}

/** The clusters, and the table that chains them. */
class Heap {
  readonly #reader: PartReader;
  readonly #geometry: Geometry;
  /** A sector of the table: chains are mostly in a row. */
  #sector: { at: number; view: DataView } | undefined;

  constructor(reader: PartReader, geometry: Geometry) {
    this.#reader = reader;
    this.#geometry = geometry;
  }

  /** The places of the first `length` bytes of a chain, cluster by cluster, neighbours joined. */
  chain(first: number, length: number): { start: number; end: number }[] {
    const { heapOffset, cluster, clusters } = this.#geometry;
    const found: { start: number; end: number }[] = [];
    let left = Math.min(Math.ceil(length / cluster), MAX_CHAIN);
    let at: number | undefined = first;
    while (left > 0 && at !== undefined && at >= FIRST_CLUSTER && at < clusters + FIRST_CLUSTER) {
      const start = heapOffset + (at - FIRST_CLUSTER) * cluster;
      const last = found.at(-1);
      if (last?.end === start) last.end += cluster;
      else found.push({ start, end: start + cluster });
      left--;
      if (left > 0) at = this.#next(at);
    }
    return found;
  }

  #next(cluster: number): number | undefined {
    const { fatOffset, fatBytes, fats, flags, sector } = this.#geometry;
    const table = fats === 2 && (flags & SECOND_FAT) !== 0 ? fatOffset + fatBytes : fatOffset;
    const offset = table + cluster * 4;
    const at = offset - offset % sector;
    if (this.#sector?.at !== at) {
      const view = this.#reader.view(at, sector);
      if (view === undefined) return undefined;
      this.#sector = { at, view };
    }
    return this.#sector.view.getUint32(offset - at, true);
  }
}

/** The special entries of the root directory. */
class Entries {
  readonly bitmaps: { cluster: number; length: number }[] = [];
  upcase: { cluster: number; length: number } | undefined;
  label: string | null = null;

  constructor(reader: PartReader, root: readonly { start: number; end: number }[]) {
    for (const { start, end } of root) {
      for (const { bytes } of reader.pieces(start, end - start, 65_536)) {
        if (bytes !== undefined && this.#take(bytes)) return;
      }
    }
  }

  /** @returns true at the end of the directory. */
  #take(bytes: Uint8Array): boolean {
    for (let at = 0; at + ENTRY_BYTES <= bytes.length; at += ENTRY_BYTES) {
      const view = new DataView(bytes.buffer, bytes.byteOffset + at, ENTRY_BYTES);
      const type = view.getUint8(0);
      if (type === 0) return true;
      const cluster = view.getUint32(20, true);
      const length = Number(view.getBigUint64(24, true));
      if (type === ALLOCATION_BITMAP && this.bitmaps.length < 2) {
        this.bitmaps[view.getUint8(1) & 1] ??= { cluster, length };
      } else if (type === UPCASE_TABLE) this.upcase ??= { cluster, length };
      else if (type === VOLUME_LABEL) {
        const characters = Math.min(view.getUint8(1), 11);
        const text = new TextDecoder("utf-16le").decode(
          bytes.subarray(at + 2, at + 2 + characters * 2),
        );
        this.label = printable(text).trim() || null;
      }
    }
    return false;
  }
}

function takeBitmap(
  reader: PartReader,
  { heapOffset, cluster, clusters }: Geometry,
  chain: readonly { start: number; end: number }[],
  use: UseBuilder,
): void {
  let done = 0;
  const take = (bytes: Uint8Array | undefined, length: number) => {
    const first = done * 8;
    const count = Math.min(length * 8, clusters - first);
    done += length;
    if (count <= 0) return;
    const offsetOf = (bit: number) => heapOffset + (first + bit) * cluster;
    if (bytes === undefined) return use.addUnknown(offsetOf(0), offsetOf(count));
    setRuns(
      bytes,
      count,
      "low first",
      (start, end) => use.data.add(offsetOf(start), offsetOf(end)),
    );
  };
  const needed = Math.ceil(clusters / 8);
  for (const { start, end } of chain) {
    use.structures.add(start, end);
    for (const piece of reader.pieces(start, Math.min(end - start, needed - done))) {
      take(piece.bytes, piece.length);
    }
  }
  if (done < needed) take(undefined, needed - done);
}
