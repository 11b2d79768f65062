// The superblock of ext2, ext3 and ext4, and where its groups begin (the kernel's documentation,
// Documentation/filesystems/ext4: globals, group descriptors). From bytes that are handed in.
import { isPowerOf2 } from "./file_system_use.ts";

const MAGIC = 0xef53;
/** Sizes of a block that the kernel mounts. */
const LEAST_BLOCK = 1024;
const MOST_BLOCK = 65_536;
/** mke2fs makes no smaller groups. */
const LEAST_GROUP_BLOCKS = 256;
/** The largest cluster of bigalloc, in blocks. */
const MOST_CLUSTER_BLOCKS = 2 ** 15;
/** The kernel takes 32 and 64, and has the size noted for larger ones. */
const MOST_DESCRIPTOR_BYTES = 1024;
/** Groups of 128 MiB, the usual ones, on 512 TiB. */
const MOST_GROUPS = 2 ** 22;
const VALID_FS = 1;
const ERROR_FS = 2;

// Features.
const COMPAT_HAS_JOURNAL = 0x4;
const COMPAT_SPARSE_SUPER2 = 0x200;
const INCOMPAT_RECOVER = 0x4;
const INCOMPAT_JOURNAL_DEV = 0x8;
const INCOMPAT_META_BG = 0x10;
const INCOMPAT_64BIT = 0x80;
const RO_COMPAT_SPARSE_SUPER = 0x1;
const RO_COMPAT_GDT_CSUM = 0x10;
const RO_COMPAT_BIGALLOC = 0x200;
const RO_COMPAT_METADATA_CSUM = 0x400;

/** What ext3 knows: compression, names with types, recovery, journal, meta_bg; sparse_super, large_file, btree_dir. */
const OLD_INCOMPAT = 0x1f;
const OLD_RO_COMPAT = 0x7;

/** Numbers of blocks, unless the name says otherwise. */
export interface ExtGeometry {
  /** "ext2", "ext3" or "ext4". */
  readonly name: string;
  /** Bytes. */
  readonly block: number;
  readonly blocks: number;
  readonly freeBlocks: number;
  readonly firstBlock: number;
  readonly blocksPerGroup: number;
  /** What one bit of a bitmap stands for. */
  readonly clusterBlocks: number;
  readonly groups: number;
  readonly descriptorBytes: number;
  /** Numbers of blocks have 64 bits. */
  readonly isWide: boolean;
  readonly hasChecksums: boolean;
  readonly inodesPerGroup: number;
  readonly inodeBytes: number;
  /** From this block of descriptors on each stands in its own groups. */
  readonly metaGroup: number;
  /** Groups with a copy, when only those have one; undefined: the powers of 3, 5 and 7, or all. */
  readonly copies: readonly number[] | undefined;
  readonly isSparse: boolean;
  /** It was unmounted, and no error was found in it. */
  readonly isClean: boolean;
}

/** @param size of the partition, bytes. @returns undefined when this is none, or not of such a partition. */
export function parseSuperblock(view: DataView, size: number): ExtGeometry | undefined {
  const u16 = (at: number) => view.getUint16(at, true);
  const u32 = (at: number) => view.getUint32(at, true);
  if (u16(0x38) !== MAGIC) return undefined;
  const [compat, incompat, roCompat] = [u32(0x5c), u32(0x60), u32(0x64)];
  const has = (features: number, feature: number) => (features & feature) !== 0;
  // A journal of another file system has no groups.
  if (has(incompat, INCOMPAT_JOURNAL_DEV)) return undefined;
  const block = LEAST_BLOCK * 2 ** u32(0x18);
  const isBigalloc = has(roCompat, RO_COMPAT_BIGALLOC);
  const clusterBlocks = isBigalloc ? LEAST_BLOCK * 2 ** u32(0x1c) / block : 1;
  const isWide = has(incompat, INCOMPAT_64BIT);
  const wide = (low: number, high: number) => u32(low) + (isWide ? u32(high) * 2 ** 32 : 0);
  const blocks = wide(0x4, 0x150);
  const firstBlock = u32(0x14);
  const blocksPerGroup = u32(0x20);
  const descriptorBytes = isWide ? u16(0xfe) : 32;
  const inodeBytes = u32(0x4c) === 0 ? 128 : u16(0x58);
  const groups = Math.ceil((blocks - firstBlock) / blocksPerGroup);
  const descriptorBlocks = Math.ceil(groups * descriptorBytes / block);
  const isGood = isPowerOf2(block, LEAST_BLOCK, MOST_BLOCK) &&
    isPowerOf2(clusterBlocks, 1, MOST_CLUSTER_BLOCKS) &&
    firstBlock === (block === LEAST_BLOCK && clusterBlocks === 1 ? 1 : 0) &&
    blocks > firstBlock && blocks * block <= size &&
    blocksPerGroup >= LEAST_GROUP_BLOCKS && blocksPerGroup <= block * 8 * clusterBlocks &&
    blocksPerGroup % clusterBlocks === 0 &&
    groups <= MOST_GROUPS &&
    isPowerOf2(descriptorBytes, isWide ? 64 : 32, MOST_DESCRIPTOR_BYTES) &&
    isPowerOf2(inodeBytes, 128, block) &&
    u32(0x28) > 0 && u32(0x28) <= block * 8 && descriptorBlocks < blocks;
  if (!isGood) return undefined;
  const isExt4 = has(incompat, ~OLD_INCOMPAT) || has(roCompat, ~OLD_RO_COMPAT);
  return {
    name: isExt4 ? "ext4" : has(compat, COMPAT_HAS_JOURNAL) ? "ext3" : "ext2",
    block,
    blocks,
    freeBlocks: wide(0xc, 0x158),
    firstBlock,
    blocksPerGroup,
    clusterBlocks,
    groups,
    descriptorBytes,
    isWide,
    hasChecksums: has(roCompat, RO_COMPAT_GDT_CSUM | RO_COMPAT_METADATA_CSUM),
    inodesPerGroup: u32(0x28),
    inodeBytes,
    metaGroup: has(incompat, INCOMPAT_META_BG) ? u32(0x104) : Infinity,
    copies: has(compat, COMPAT_SPARSE_SUPER2) ? [u32(0x24c), u32(0x250)] : undefined,
    isSparse: has(roCompat, RO_COMPAT_SPARSE_SUPER),
    isClean: !has(incompat, INCOMPAT_RECOVER) && (u16(0x3a) & (VALID_FS | ERROR_FS)) === VALID_FS,
  };
}

/** The group's first block. */
export function groupStart({ firstBlock, blocksPerGroup }: ExtGeometry, group: number): number {
  return firstBlock + group * blocksPerGroup;
}

/** Whether the group begins with a superblock or a copy of it. */
export function hasSuperblock({ copies, isSparse }: ExtGeometry, group: number): boolean {
  if (group === 0) return true;
  if (copies !== undefined) return copies.includes(group);
  return group === 1 || !isSparse || [3, 5, 7].some((base) => isPowerOf(group, base));
}

function isPowerOf(value: number, base: number): boolean {
  let rest = value;
  while (rest > 1 && rest % base === 0) rest /= base;
  return rest === 1;
}
