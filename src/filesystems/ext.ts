// What ext2, ext3 and ext4 have allocated: by their block bitmaps, group by group. Layout: the kernel's documentation,
// Documentation/filesystems/ext4.
import { printable } from "../base/printable.ts";
import { setRuns } from "./bitmap.ts";
import { type ExtGeometry, groupStart, hasSuperblock, parseSuperblock } from "./ext_superblock.ts";
import { expect, type FileSystemUse, UseBuilder } from "./file_system_use.ts";
import type { PartReader } from "./part_reader.ts";
import { type ByteRange, RangeList } from "./range_list.ts";

/** Where the primary superblock stands, in all block sizes. */
const SUPERBLOCK_OFFSET = 1024;
const SUPERBLOCK_BYTES = 1024;
/** Where group 1, which has the first copy, begins: 8 blocks in each byte of a bitmap that is a block long. */
const COPIES: readonly number[] = [1024, 2048, 4096, 65_536].map((block) =>
  block * block * 8 + (block === 1024 ? block : 0)
);
/** Flags of a group whose bitmap or file table was never written. */
const INODE_UNINIT = 1;
const BLOCK_UNINIT = 2;
/** Bitmaps of neighbouring groups lie side by side (flex_bg): so many are read at a time. */
const BITMAPS_AT_A_TIME = 16;
/** Copies of the descriptors that are structures; a large file system of the first kind has one in each group. */
const MAX_COPIES = 64;

interface Group {
  readonly index: number;
  readonly blockBitmap: number;
  readonly inodeBitmap: number;
  readonly inodeTable: number;
  /** Inodes at the end of the table that were never used. */
  readonly unusedInodes: number;
  readonly flags: number;
}

/** @throws {SickFileSystem} when neither the superblock nor a copy makes sense. */
export function extUse(reader: PartReader): FileSystemUse {
  const { geometry, view, isCopy } = readSuperblock(reader);
  const use = new UseBuilder();
  use.structures.add(0, SUPERBLOCK_OFFSET + SUPERBLOCK_BYTES);
  const groups = new ExtGroups(reader, geometry, use);
  groups.run();
  for (const { start, end } of journal(reader, view, geometry)) use.structures.add(start, end);
  const label = new Uint8Array(view.buffer, view.byteOffset + 0x78, 16);
  use.leaveOut(groups.idle);
  return use.finish({
    name: geometry.name,
    size: geometry.blocks * geometry.block,
    label: printable(new TextDecoder().decode(label).split("\0")[0]!).trim() || null,
    counted: (geometry.blocks - geometry.freeBlocks) * geometry.block,
    // Copies do not say whether it was unmounted.
    doubt: isCopy
      ? "only a copy of its superblock is left"
      : geometry.isClean
      ? undefined
      : "it was not unmounted, or has errors",
  });
}

/** Whether a copy of the superblock stands where the first one would be: the primary one may be lost. */
export function hasExtCopy(reader: PartReader): boolean {
  return COPIES.some((offset) => {
    const view = reader.view(offset, SUPERBLOCK_BYTES);
    return view !== undefined && isFirstCopy(view) &&
      parseSuperblock(view, reader.size) !== undefined;
  });
}

function readSuperblock(
  reader: PartReader,
): { geometry: ExtGeometry; view: DataView; isCopy: boolean } {
  for (const offset of [SUPERBLOCK_OFFSET, ...COPIES]) {
    const view = reader.view(offset, SUPERBLOCK_BYTES);
    if (view === undefined || (offset !== SUPERBLOCK_OFFSET && !isFirstCopy(view))) continue;
    const geometry = parseSuperblock(view, reader.size);
    if (geometry !== undefined) return { geometry, view, isCopy: offset !== SUPERBLOCK_OFFSET };
  }
  expect(false, "superblock makes no sense, and there is no good copy");
}

/** s_block_group_nr: what stands in a file may be a superblock as well. */
function isFirstCopy(view: DataView): boolean {
  return view.getUint16(0x5a, true) === 1;
}

class ExtGroups {
  readonly #reader: PartReader;
  readonly #geometry: ExtGeometry;
  readonly #use: UseBuilder;
  /** Ends of inode tables that were never used. The bitmaps call them allocated; they may be gigabytes. */
  readonly idle: RangeList = new RangeList();

  constructor(reader: PartReader, geometry: ExtGeometry, use: UseBuilder) {
    this.#reader = reader;
    this.#geometry = geometry;
    this.#use = use;
  }

  run(): void {
    const { block, descriptorBytes, groups, metaGroup } = this.#geometry;
    const perBlock = block / descriptorBytes;
    const plain = Math.min(Math.ceil(groups / perBlock), metaGroup);
    // All descriptors in one table behind the superblock, and from `metaGroup` on each block of them by itself.
    this.#takeTable(0, plain);
    for (let table = plain; table * perBlock < groups; table++) this.#takeTable(table, 1);
  }

  /** Takes the groups that `count` blocks of descriptors describe. */
  #takeTable(first: number, count: number): void {
    const { block, descriptorBytes } = this.#geometry;
    const perBlock = block / descriptorBytes;
    const places = this.#tablePlaces(first);
    for (const place of places) this.#use.structures.add(place * block, (place + count) * block);
    for (const piece of this.#reader.pieces(places[0]! * block, count * block)) {
      const firstGroup = first * perBlock + piece.at / descriptorBytes;
      const bytes = piece.bytes ?? this.#copyOf(places, piece.at, piece.length);
      this.#takeGroups(firstGroup, piece.length / descriptorBytes, bytes);
    }
  }

  /** Blocks where this part of the table stands, and its copies. */
  #tablePlaces(first: number): number[] {
    const { block, descriptorBytes, groups, metaGroup } = this.#geometry;
    const at = (group: number) => {
      // Blocks of 1024 bytes: the first one is before the superblock, also where it belongs to a group (bigalloc).
      const start = group === 0 && block === 1024 ? 1 : groupStart(this.#geometry, group);
      return start + (hasSuperblock(this.#geometry, group) ? 1 : 0);
    };
    if (first >= metaGroup) {
      const perBlock = block / descriptorBytes;
      const group = first * perBlock;
      return [group, group + 1, group + perBlock - 1].filter((each) => each < groups).map(at);
    }
    const copies: number[] = [];
    for (let group = 1; group < groups; group++) {
      if (hasSuperblock(this.#geometry, group)) copies.push(at(group));
      // Where each group has a copy, the first ones are enough.
      if (copies.length >= MAX_COPIES) break;
    }
    return [at(0), ...copies];
  }

  #copyOf(places: readonly number[], at: number, length: number): Uint8Array | undefined {
    const { block } = this.#geometry;
    for (const place of places.slice(1, 3)) {
      const bytes = this.#reader.bytes(place * block + at, length);
      if (bytes !== undefined) return bytes;
    }
    return undefined;
  }

  #takeGroups(first: number, count: number, bytes: Uint8Array | undefined): void {
    const end = Math.min(first + count, this.#geometry.groups);
    for (let index = first; index < end;) {
      if (bytes === undefined) {
        this.#lose(index++);
        continue;
      }
      const run: Group[] = [];
      while (index < end && run.length < BITMAPS_AT_A_TIME) {
        const group = this.#parseGroup(bytes, index, index - first);
        const isNext = run.length === 0 || group.blockBitmap === run[0]!.blockBitmap + run.length;
        if (!isNext) break;
        run.push(group);
        index++;
      }
      this.#takeRun(run);
    }
  }

  #parseGroup(bytes: Uint8Array, index: number, at: number): Group {
    const { descriptorBytes, isWide, hasChecksums } = this.#geometry;
    const view = new DataView(bytes.buffer, bytes.byteOffset + at * descriptorBytes);
    const wide = (low: number, high: number) =>
      view.getUint32(low, true) + (isWide ? view.getUint32(high, true) * 2 ** 32 : 0);
    const unused = view.getUint16(0x1c, true) + (isWide ? view.getUint16(0x32, true) * 65_536 : 0);
    return {
      index,
      blockBitmap: wide(0, 0x20),
      inodeBitmap: wide(4, 0x24),
      inodeTable: wide(8, 0x28),
      // Without checksums nothing but zeros stand there.
      unusedInodes: hasChecksums ? unused : 0,
      flags: hasChecksums ? view.getUint16(0x12, true) : 0,
    };
  }

  /** Takes groups whose bitmaps lie side by side. */
  #takeRun(groups: readonly Group[]): void {
    const { block, blocks } = this.#geometry;
    for (const group of groups) this.#takeStructures(group);
    const written = groups.filter(({ flags }) => (flags & BLOCK_UNINIT) === 0);
    if (written.length === 0) return;
    const first = groups[0]!.blockBitmap;
    const isInside = first + groups.length <= blocks;
    const together = isInside && groups.length * block <= 2 ** 20 && written.length > 1
      ? this.#reader.bytes(first * block, groups.length * block)
      : undefined;
    for (const group of written) {
      const at = (group.blockBitmap - first) * block;
      const bytes = together?.subarray(at, at + block) ??
        (group.blockBitmap < blocks
          ? this.#reader.bytes(group.blockBitmap * block, block)
          : undefined);
      if (bytes === undefined) this.#lose(group.index);
      else this.#takeBitmap(group.index, bytes);
    }
  }

  #takeBitmap(group: number, bytes: Uint8Array): void {
    const { block, clusterBlocks, blocks } = this.#geometry;
    const start = groupStart(this.#geometry, group);
    const count = Math.ceil(this.#blocksOf(group) / clusterBlocks);
    setRuns(bytes, count, "low first", (first, end) => {
      const last = Math.min(start + end * clusterBlocks, blocks);
      this.#use.data.add((start + first * clusterBlocks) * block, last * block);
    });
  }

  #takeStructures(group: Group): void {
    const { block, blocks, inodesPerGroup, inodeBytes } = this.#geometry;
    const { index, flags, inodeTable, unusedInodes } = group;
    const { structures } = this.#use;
    const add = (first: number, bytes: number) => {
      const end = Math.min(first * block + bytes, blocks * block);
      structures.add(first * block, Math.ceil(end / block) * block);
    };
    if (hasSuperblock(this.#geometry, index)) add(groupStart(this.#geometry, index), block);
    if ((flags & BLOCK_UNINIT) === 0) add(group.blockBitmap, block);
    const isUnused = (flags & INODE_UNINIT) !== 0;
    const inodes = isUnused ? 0 : Math.max(0, inodesPerGroup - unusedInodes);
    if (!isUnused) add(group.inodeBitmap, block);
    if (inodes > 0) add(inodeTable, inodes * inodeBytes);
    const usedBlocks = Math.ceil(inodes * inodeBytes / block);
    const allBlocks = Math.ceil(inodesPerGroup * inodeBytes / block);
    if (inodeTable > 0) {
      this.idle.add((inodeTable + usedBlocks) * block, (inodeTable + allBlocks) * block);
    }
  }

  #lose(group: number): void {
    const { block } = this.#geometry;
    const start = groupStart(this.#geometry, group);
    this.#use.addUnknown(start * block, (start + this.#blocksOf(group)) * block);
  }

  #blocksOf(group: number): number {
    const { blocks, blocksPerGroup } = this.#geometry;
    return Math.min(blocksPerGroup, blocks - groupStart(this.#geometry, group));
  }
}

/** Where the journal lies, by the copy of its inode in the superblock: extents, or its first direct blocks. */
function journal(reader: PartReader, view: DataView, geometry: ExtGeometry): ByteRange[] {
  const { block, blocks } = geometry;
  const COPY = 0x10c;
  const HAS_COPY = 0xfd;
  if (view.getUint8(HAS_COPY) !== 1 || view.getUint16(COPY, true) !== 0xf30a) return [];
  // An extent tree of one level has four extents, enough for a journal; with more its blocks come as data.
  const entries = Math.min(view.getUint16(COPY + 2, true), 4);
  if (view.getUint16(COPY + 6, true) !== 0) return [];
  const found: ByteRange[] = [];
  for (let at = COPY + 12; at < COPY + 12 + entries * 12; at += 12) {
    const length = view.getUint16(at + 4, true);
    const start = view.getUint16(at + 6, true) * 2 ** 32 + view.getUint32(at + 8, true);
    const end = start + (length > 32_768 ? length - 32_768 : length);
    if (end <= blocks && end * block <= reader.size) {
      found.push({ start: start * block, end: end * block });
    }
  }
  return found;
}
