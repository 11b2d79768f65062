// What FAT12, FAT16 and FAT32 have allocated, by the file allocation table. Layout: Microsoft's FAT specification
// (fatgen103).
import { printable } from "../base/printable.ts";
import { expect, type FileSystemUse, isPowerOf2, UseBuilder } from "./file_system_use.ts";
import type { PartReader } from "./part_reader.ts";

const BOOT_BYTES = 512;
/** Where mkfs puts the copy of the boot sector of FAT32, and the standard wants it. */
const COPY_SECTOR = 6;
const DIRECTORY_ENTRY_BYTES = 32;
const VOLUME_LABEL = 0x08;
const LONG_NAME = 0x0f;
/** By the number of clusters, and nothing else. */
const MAX_FAT12_CLUSTERS = 4084;
const MAX_FAT16_CLUSTERS = 65_524;
const MAX_FAT32_CLUSTERS = 0x0ffffff4;
const FIRST_CLUSTER = 2;
/** Read of the table at a time: a multiple of 3, in which an entry of 12 bits never is cut. */
const PIECE_BYTES = 3 * 65_536;
/** Of the root directory, to look for the label. */
const LABEL_BYTES = 4096;

/** Bytes, unless the name says otherwise. */
interface Geometry {
  readonly bits: 12 | 16 | 32;
  readonly sector: number;
  readonly cluster: number;
  readonly clusters: number;
  readonly size: number;
  readonly tableOffset: number;
  readonly tableBytes: number;
  readonly tables: number;
  readonly rootOffset: number;
  readonly rootBytes: number;
  /** Where cluster 2 begins. */
  readonly dataOffset: number;
  readonly isMarkedDirty: boolean;
}

/** @throws {SickFileSystem} when the boot sector makes no sense. */
export function fatUse(reader: PartReader): FileSystemUse {
  const geometry = readBoot(reader);
  expect(geometry !== undefined, "boot sector makes no sense");
  const { bits, tableOffset, tableBytes, tables, rootOffset, rootBytes, dataOffset } = geometry;
  const use = new UseBuilder();
  use.structures.add(0, tableOffset + tableBytes * tables);
  use.structures.add(rootOffset, rootOffset + rootBytes);
  use.data.add(0, dataOffset);
  const table = new FatTable(reader, geometry, use);
  table.run();
  return use.finish({
    name: `FAT${bits}`,
    size: geometry.size,
    label: labelIn(reader, rootOffset, Math.min(LABEL_BYTES, rootBytes)),
    doubt: geometry.isMarkedDirty || table.isMarkedDirty ? "it was not unmounted" : undefined,
  });
}

/** Whether this is a FAT that does not say so in words, as old ones do, or whose first sector is lost. */
export function hasFatCopy(reader: PartReader): boolean {
  return readBoot(reader) !== undefined;
}

function readBoot(reader: PartReader): Geometry | undefined {
  for (const offset of [0, COPY_SECTOR * BOOT_BYTES]) {
    const view = reader.view(offset, BOOT_BYTES);
    const geometry = view && parseBoot(view, reader.size);
    if (geometry !== undefined && (offset === 0 || geometry.bits === 32)) return geometry;
  }
  return undefined;
}

function parseBoot(view: DataView, size: number): Geometry | undefined {
  const u16 = (at: number) => view.getUint16(at, true);
  const u32 = (at: number) => view.getUint32(at, true);
  const sector = u16(11);
  const cluster = view.getUint8(13) * sector;
  const reserved = u16(14);
  const tables = view.getUint8(16);
  const rootEntries = u16(17);
  const sectors = u16(19) || u32(32);
  const isLarge = u16(22) === 0;
  const tableBytes = (isLarge ? u32(36) : u16(22)) * sector;
  const media = view.getUint8(21);
  const isGood = u16(510) === 0xaa55 && isPowerOf2(sector, 512, 4096) &&
    isPowerOf2(view.getUint8(13), 1, 128) && reserved > 0 && tables >= 1 && tables <= 4 &&
    (media === 0xf0 || media >= 0xf8) && tableBytes > 0 && sectors * sector <= size;
  if (!isGood) return undefined;
  const tableOffset = reserved * sector;
  const rootOffset = tableOffset + tables * tableBytes;
  const rootBytes = Math.ceil(rootEntries * DIRECTORY_ENTRY_BYTES / sector) * sector;
  const dataOffset = rootOffset + rootBytes;
  const clusters = Math.floor((sectors * sector - dataOffset) / cluster);
  if (clusters < 1 || clusters > MAX_FAT32_CLUSTERS || isLarge !== (rootEntries === 0)) {
    return undefined;
  }
  const bits = clusters <= MAX_FAT12_CLUSTERS ? 12 : clusters <= MAX_FAT16_CLUSTERS ? 16 : 32;
  // Small ones with the fields of FAT32 are seen as well; the fields decide then, as in Linux.
  const shown = isLarge ? 32 : bits;
  if (
    Math.ceil((clusters + FIRST_CLUSTER) * shown / 8) > tableBytes || (shown === 32) !== isLarge
  ) {
    return undefined;
  }
  const rootCluster = isLarge ? u32(44) : 0;
  const isInside = rootCluster >= FIRST_CLUSTER && rootCluster < clusters + FIRST_CLUSTER;
  return {
    bits: shown,
    sector,
    cluster,
    clusters,
    size: sectors * sector,
    tableOffset,
    tableBytes,
    tables,
    dataOffset,
    rootOffset: isInside ? dataOffset + (rootCluster - FIRST_CLUSTER) * cluster : rootOffset,
    rootBytes: isInside ? cluster : rootBytes,
    // Linux' and Windows' mark of a mounted one.
    isMarkedDirty: (view.getUint8(isLarge ? 65 : 37) & 1) !== 0,
  };
}

class FatTable {
  readonly #reader: PartReader;
  readonly #geometry: Geometry;
  readonly #use: UseBuilder;
  /** By the bits in the entry of cluster 1. */
  isMarkedDirty = false;

  constructor(reader: PartReader, geometry: Geometry, use: UseBuilder) {
    this.#reader = reader;
    this.#geometry = geometry;
    this.#use = use;
  }

  run(): void {
    const { tableOffset, clusters, bits } = this.#geometry;
    const length = Math.ceil((clusters + FIRST_CLUSTER) * bits / 8);
    for (let at = 0; at < length; at += PIECE_BYTES) {
      const count = Math.min(PIECE_BYTES, length - at);
      const bytes = this.#reader.bytes(tableOffset + at, count);
      if (bytes === undefined) this.#takeSmaller(at, count);
      else this.#take(at, bytes);
    }
  }

  /** Around what cannot be read; it is in the second table, too. */
  #takeSmaller(at: number, count: number): void {
    const { tableOffset, tableBytes, tables, bits } = this.#geometry;
    // An entry of 12 bits may lie in two sectors; such a table is 6 KiB long.
    const piece = bits === 12 ? count : 4096;
    for (let from = at; from < at + count; from += piece) {
      const length = Math.min(piece, at + count - from);
      let bytes: Uint8Array | undefined;
      for (let table = 0; table < Math.min(tables, 2) && bytes === undefined; table++) {
        bytes = this.#reader.bytes(tableOffset + table * tableBytes + from, length);
      }
      if (bytes !== undefined) this.#take(from, bytes);
      else {
        const [first, end] = [from, from + length].map((each) => Math.floor(each * 8 / bits));
        this.#use.addUnknown(this.#offsetOf(first!), this.#offsetOf(end!));
      }
    }
  }

  /** @param at where in the table the bytes stand. */
  #take(at: number, bytes: Uint8Array): void {
    const { bits, clusters } = this.#geometry;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const first = at * 8 / bits;
    const count = Math.min(Math.floor(bytes.length * 8 / bits), clusters + FIRST_CLUSTER - first);
    const bad = bits === 32 ? 0x0ffffff7 : bits === 16 ? 0xfff7 : 0xff7;
    let runStart = -1;
    for (let index = 0; index < count; index++) {
      const entry = entryOf(view, index, bits);
      if (first + index === 1) this.#noteMarks(entry);
      // What is called bad holds nothing, and costs failing reads.
      const isUsed = entry !== 0 && entry !== bad && first + index >= FIRST_CLUSTER;
      if (isUsed && runStart < 0) runStart = index;
      if (!isUsed && runStart >= 0) {
        this.#use.data.add(this.#offsetOf(first + runStart), this.#offsetOf(first + index));
        runStart = -1;
      }
    }
    if (runStart >= 0) {
      this.#use.data.add(this.#offsetOf(first + runStart), this.#offsetOf(first + count));
    }
  }

  #noteMarks(entry: number): void {
    const { bits } = this.#geometry;
    if (bits === 12) return;
    const clean = bits === 32 ? 0x08000000 : 0x8000;
    this.isMarkedDirty = (entry & clean) === 0;
  }

  #offsetOf(cluster: number): number {
    const { dataOffset, cluster: bytes, clusters } = this.#geometry;
    const index = Math.min(Math.max(cluster - FIRST_CLUSTER, 0), clusters);
    return dataOffset + index * bytes;
  }
}

function entryOf(view: DataView, index: number, bits: 12 | 16 | 32): number {
  if (bits === 32) return view.getUint32(index * 4, true) & 0x0fffffff;
  if (bits === 16) return view.getUint16(index * 2, true);
  const at = index + (index >> 1);
  const low = view.getUint8(at);
  const high = at + 1 < view.byteLength ? view.getUint8(at + 1) : 0;
  const pair = low | high << 8;
  return index % 2 === 0 ? pair & 0xfff : pair >> 4;
}

function labelIn(reader: PartReader, offset: number, length: number): string | null {
  const bytes = reader.bytes(offset, length);
  for (let at = 0; bytes !== undefined && at + 32 <= bytes.length; at += DIRECTORY_ENTRY_BYTES) {
    const entry = bytes.subarray(at, at + DIRECTORY_ENTRY_BYTES);
    if (entry[0] === 0) return null;
    const isLabel = (entry[11]! & VOLUME_LABEL) !== 0 && (entry[11]! & LONG_NAME) !== LONG_NAME;
    if (entry[0] === 0xe5 || !isLabel) continue;
    return printable(new TextDecoder("latin1").decode(entry.subarray(0, 11))).trim() || null;
  }
  return null;
}
