// What XFS has allocated: all but the extents in the free-space btrees of its allocation groups. Layout: the XFS
// Algorithms & Data Structures document (xfs_filesystem_structure), versions 4 and 5.
import { printable } from "../base/printable.ts";
import { expect, type FileSystemUse, isPowerOf2, UseBuilder } from "./file_system_use.ts";
import type { PartReader } from "./part_reader.ts";
import { RangeList } from "./range_list.ts";
import { type BtreeKind, walkXfsBtree } from "./xfs_btree.ts";

/** The headers of a group: superblock, AGF, AGI and AGFL, a sector each. */
const HEADERS = 4;
const SUPERBLOCK_BYTES = 512;
/** mkfs makes no smaller groups, in blocks, and none of more than 1 TiB. */
const LEAST_GROUP_BLOCKS = 64;
const MOST_GROUP_BYTES = 2 ** 40;
/** mkfs takes 4 groups for small disks and one a TiB for large ones. */
const MOST_GROUPS = 2 ** 20;
const INODES_A_CHUNK = 64;
const FREE_SPACE: BtreeKind = { magics: ["ABTB", "AB3B"], keyBytes: 8, recordBytes: 8 };
const INODES: BtreeKind = { magics: ["IABT", "IAB3"], keyBytes: 4, recordBytes: 16 };

/** Numbers of blocks, unless the name says otherwise. */
interface Geometry {
  /** Bytes. */
  readonly block: number;
  readonly blocks: number;
  readonly groupBlocks: number;
  readonly groups: number;
  /** Bytes. */
  readonly sector: number;
  readonly inodeBytes: number;
  readonly inodesPerBlock: number;
  readonly hasChecksums: boolean;
}

/** @throws {SickFileSystem} when the superblock makes no sense. */
export function xfsUse(reader: PartReader): FileSystemUse {
  const view = reader.view(0, SUPERBLOCK_BYTES);
  const geometry = view && parseSuperblock(view, reader.size);
  expect(view !== undefined && geometry !== undefined, "superblock makes no sense");
  const { block, blocks, groupBlocks, groups } = geometry;
  const use = new UseBuilder();
  const free = new RangeList();
  for (let group = 0; group < groups; group++) {
    const start = group * groupBlocks;
    const length = Math.min(groupBlocks, blocks - start);
    takeGroup(new Group(reader, geometry, group, length), use, free);
  }
  const all = RangeList.of({ start: 0, end: blocks * block });
  use.data.addAll(all.without(free));
  takeLog(view, geometry, use);
  const name = new Uint8Array(view.buffer, view.byteOffset + 108, 12);
  return use.finish({
    size: blocks * block,
    label: printable(new TextDecoder().decode(name).split("\0")[0]!).trim() || null,
    counted: (blocks - Number(view.getBigUint64(144))) * block,
  });
}

function parseSuperblock(view: DataView, size: number): Geometry | undefined {
  if (view.getUint32(0) !== 0x58465342) return undefined;
  const version = view.getUint16(100) & 15;
  const geometry: Geometry = {
    block: view.getUint32(4),
    blocks: Number(view.getBigUint64(8)),
    groupBlocks: view.getUint32(84),
    groups: view.getUint32(88),
    sector: view.getUint16(102),
    inodeBytes: view.getUint16(104),
    inodesPerBlock: view.getUint16(106),
    hasChecksums: version === 5,
  };
  const { block, blocks, groupBlocks, groups, sector, inodeBytes, inodesPerBlock } = geometry;
  const isGood = (version === 4 || version === 5) && isPowerOf2(block, 512, 65_536) &&
    isPowerOf2(sector, 512, 32_768) && isPowerOf2(inodeBytes, 256, 2048) &&
    inodesPerBlock * inodeBytes === block && blocks > 0 && blocks * block <= size &&
    groupBlocks >= LEAST_GROUP_BLOCKS && groupBlocks * block <= MOST_GROUP_BYTES &&
    groups <= MOST_GROUPS && groups === Math.ceil(blocks / groupBlocks) &&
    view.getUint8(120) === Math.log2(block);
  return isGood ? geometry : undefined;
}

/** An allocation group; its blocks count from its start. */
class Group {
  readonly geometry: Geometry;
  readonly length: number;
  readonly start: number;
  readonly #reader: PartReader;

  constructor(reader: PartReader, geometry: Geometry, index: number, length: number) {
    this.geometry = geometry;
    this.length = length;
    this.start = index * geometry.groupBlocks;
    this.#reader = reader;
  }

  /** Sector `index` of the headers. */
  header(index: number, magic = ""): DataView | undefined {
    const { block, sector } = this.geometry;
    const view = this.#reader.view(this.start * block + index * sector, sector);
    const isGood = view !== undefined &&
      [...magic].every((letter, at) => view.getUint8(at) === letter.charCodeAt(0));
    return isGood ? view : undefined;
  }

  block(index: number): DataView | undefined {
    const { block } = this.geometry;
    if (index >= this.length) return undefined;
    return this.#reader.view((this.start + index) * block, block);
  }

  /** Adds blocks of this group to a list. */
  add(list: RangeList, first: number, count: number): void {
    const { block } = this.geometry;
    const end = Math.min(first + count, this.length);
    list.add((this.start + first) * block, (this.start + end) * block);
  }
}

function takeGroup(group: Group, use: UseBuilder, free: RangeList): void {
  const { geometry } = group;
  const { block, sector, hasChecksums } = geometry;
  group.add(use.structures, 0, Math.ceil(HEADERS * sector / block));
  const agf = group.header(1, "XAGF");
  if (agf === undefined) return loseAll(group, use);
  const read = (index: number) => group.block(index);
  const note = (index: number) => group.add(use.structures, index, 1);
  const isWhole = walkXfsBtree(
    { root: agf.getUint32(16), level: agf.getUint32(28), hasChecksums, kind: FREE_SPACE },
    read,
    note,
    (view, at) => group.add(free, view.getUint32(at), view.getUint32(at + 4)),
  );
  // What a lost block of the tree calls free is used for all that is known.
  if (!isWhole) use.unknown += agf.getUint32(52) * block;
  takeFreeList(group, agf, free);
  const agi = group.header(2, "XAGI");
  if (agi === undefined) return;
  const { inodesPerBlock } = geometry;
  walkXfsBtree(
    { root: agi.getUint32(20), level: agi.getUint32(24), hasChecksums, kind: INODES },
    read,
    note,
    (view, at) =>
      group.add(
        use.structures,
        Math.floor(view.getUint32(at) / inodesPerBlock),
        Math.ceil(INODES_A_CHUNK / inodesPerBlock),
      ),
  );
}

/** Blocks that wait to become part of the trees hold nothing. They stand in a ring. */
function takeFreeList(group: Group, agf: DataView, free: RangeList): void {
  const { hasChecksums } = group.geometry;
  const view = group.header(3, hasChecksums ? "XAFL" : "");
  if (view === undefined) return;
  const header = hasChecksums ? 36 : 0;
  const room = Math.floor((view.byteLength - header) / 4);
  const first = agf.getUint32(40);
  const count = Math.min(agf.getUint32(48), room);
  for (let index = 0; first < room && index < count; index++) {
    group.add(free, view.getUint32(header + (first + index) % room * 4), 1);
  }
}

function loseAll(group: Group, use: UseBuilder): void {
  const { block } = group.geometry;
  use.addUnknown(group.start * block, (group.start + group.length) * block);
}

/** The log of changes, where it is not on another device. Its place counts in groups and blocks of one. */
function takeLog(view: DataView, { block, groupBlocks, blocks }: Geometry, use: UseBuilder): void {
  const place = Number(view.getBigUint64(48));
  const bits = view.getUint8(124);
  if (place === 0 || bits > 32) return;
  const first = Math.floor(place / 2 ** bits) * groupBlocks + place % 2 ** bits;
  const end = Math.min(first + view.getUint32(96), blocks);
  use.structures.add(first * block, end * block);
}
