// Where a mount, a check or a repair writes to a file system whose files stay unchanged: superblocks and their
// copies, journals, allocation tables, boot areas. A difference there does not prove that two media are two.
// Pure: from the first bytes of a disk or partition.
import { fileSystemId, type FileSystemKind, MD_OFFSET } from "../filesystems/file_system_id.ts";
import { DESCRIPTOR_BYTES, DESCRIPTORS_OFFSET } from "../filesystems/iso9660.ts";
import { parseGpt, parseMbr } from "../filesystems/partition_table.ts";

/** Bytes from the start of the device, half-open. */
export interface WrittenRange {
  readonly start: number;
  readonly end: number;
  /** In words: "superblock". */
  readonly what: string;
}

const KIB = 1024;
const MIB = 1024 * KIB;
/** Boot loaders lie in front of the first partition, which starts here at the latest by convention. */
const BOOT_AREA_BYTES = MIB;
/** ext: copies of the superblock that are looked after; a larger file system has more, all of one kind. */
const MAX_COPIES = 64;
/** NTFS: its system files are the first records of the file table. */
const NTFS_SYSTEM_BYTES = 64 * KIB;
/** LUKS: both headers and their JSON areas. */
const LUKS_HEADER_BYTES = 4 * MIB;

/**
 * @param head first bytes of what begins at `base`, as the image or the device has them.
 * @param isGrown whether the device is larger now than it was.
 */
export function writtenRanges(head: Uint8Array, base: number, isGrown: boolean): WrittenRange[] {
  const kind = fileSystemId(head)?.kind;
  const ranges = kind === undefined ? tableRanges(head) : RANGES[kind](viewOf(head));
  // A session that is appended to a rewritable disc is named in the descriptors in front.
  const descriptors = "CD001";
  const isDisc = [...descriptors].every((character, index) =>
    head[DESCRIPTORS_OFFSET + 1 + index] === character.charCodeAt(0)
  );
  if (isDisc && isGrown) {
    const end = DESCRIPTORS_OFFSET + 16 * DESCRIPTOR_BYTES;
    ranges.push({ start: DESCRIPTORS_OFFSET, end, what: "volume descriptors" });
  }
  return ranges.map(({ start, end, what }) => ({ start: base + start, end: base + end, what }));
}

/** The range that holds all of [start, end), or undefined. */
export function rangeAround(
  ranges: readonly WrittenRange[],
  start: number,
  end: number,
): WrittenRange | undefined {
  return ranges.find((range) => range.start <= start && end <= range.end);
}

/** A disk with partitions: what boots is put there by repairs; the table itself is not. */
function tableRanges(head: Uint8Array): WrittenRange[] {
  const mbr = parseMbr(head);
  if (mbr === undefined) return [];
  const boot = { start: 0, end: 446, what: "boot code" };
  if (!mbr.protective) {
    return [boot, { start: 512, end: BOOT_AREA_BYTES, what: "boot area" }];
  }
  // The header knows where its copy is, which moves when the disk is grown.
  const headers = [512, 4096].filter((at) => parseGpt(head.subarray(at)) !== undefined)
    .map((start) => ({ start, end: start + 92, what: "header of the partition table" }));
  return [boot, ...headers];
}

/** Where these are written is not known here: a difference in one counts. */
const NOT_KNOWN = {
  swap: () => [],
  btrfs: () => [],
  HFS: () => [],
  "HFS+": () => [],
  APFS: () => [],
  ReFS: () => [],
  F2FS: () => [],
  squashfs: () => [],
  BitLocker: () => [],
};

const RANGES: Readonly<Record<FileSystemKind, (head: DataView) => WrittenRange[]>> = {
  ext: extRanges,
  FAT: fatRanges,
  exFAT: exfatRanges,
  NTFS: ntfsRanges,
  XFS: xfsRanges,
  LUKS: () => [{ start: 0, end: LUKS_HEADER_BYTES, what: "LUKS header" }],
  LVM: () => [{ start: 0, end: MIB, what: "LVM metadata" }],
  "RAID member": (head) => {
    const start = head.getUint32(0, true) === 0 ? MD_OFFSET : 0;
    // Superblock, bitmap, log of bad blocks: all in front of the data.
    const data = numberAt(head, start + 128) * 512;
    return [{ start, end: clampEnd(data, start + 4 * KIB), what: "RAID superblock" }];
  },
  ...NOT_KNOWN,
};

function extRanges(head: DataView): WrittenRange[] {
  const sb = 1024;
  const field = (offset: number) => head.getUint32(sb + offset, true);
  const block = 1024 << (field(0x18) & 15);
  const firstBlock = field(0x14);
  const blocksPerGroup = field(0x20);
  const inodesPerGroup = field(0x28);
  const inodeBytes = head.getUint16(sb + 0x58, true) || 128;
  const isWide = (field(0x60) & 0x80) !== 0; // 64bit
  const blocks = field(0x04) + (isWide ? field(0x150) * 2 ** 32 : 0);
  if (blocksPerGroup === 0) return [];
  const descriptorBytes = isWide ? head.getUint16(sb + 0xfe, true) || 32 : 32;
  const groups = Math.ceil((blocks - firstBlock) / blocksPerGroup);
  const tableBlocks = Math.ceil((groups * descriptorBytes) / block);
  const ranges: WrittenRange[] = [];
  // All of the first group's own blocks, up to the end of its inode table: the root's times are there.
  const descriptors = (firstBlock + 1) * block;
  const ownEnd = descriptors + 12 <= head.byteLength
    ? head.getUint32(descriptors + 8, true) * block + inodesPerGroup * inodeBytes
    : 0;
  const superblockEnd = descriptors + tableBlocks * block;
  ranges.push({
    start: 0,
    end: ownEnd > superblockEnd && ownEnd < superblockEnd + 64 * MIB ? ownEnd : superblockEnd,
    what: "superblock",
  });
  for (const group of copyGroups(groups)) {
    const start = (firstBlock + group * blocksPerGroup) * block;
    ranges.push({ start, end: start + (1 + tableBlocks) * block, what: "copy of the superblock" });
  }
  ranges.push(...extJournal(head, sb, block));
  return ranges;
}

/** Groups that hold a copy: 1 and the powers of 3, 5 and 7. */
function copyGroups(groups: number): number[] {
  const found = new Set([1]);
  for (const base of [3, 5, 7]) {
    for (let group = base; group < groups; group *= base) found.add(group);
  }
  return [...found].filter((group) => group < groups).sort((a, b) => a - b).slice(0, MAX_COPIES);
}

/** The superblock has a copy of the journal's extents (s_jnl_blocks). */
function extJournal(head: DataView, sb: number, block: number): WrittenRange[] {
  const at = sb + 0x10c;
  if (head.getUint16(at, true) !== 0xf30a) return [];
  const count = Math.min(head.getUint16(at + 2, true), 4);
  const depth = head.getUint16(at + 6, true);
  if (depth !== 0) return [];
  return Array.from({ length: count }, (_, index) => {
    const extent = at + 12 + index * 12;
    const blocks = head.getUint16(extent + 4, true) & 0x7fff;
    const first = head.getUint16(extent + 6, true) * 2 ** 32 + head.getUint32(extent + 8, true);
    return { start: first * block, end: (first + blocks) * block, what: "journal" };
  });
}

function fatRanges(head: DataView): WrittenRange[] {
  const sector = head.getUint16(11, true);
  const reserved = head.getUint16(14, true);
  const fats = head.getUint8(16);
  const rootEntries = head.getUint16(17, true);
  const fatSectors = head.getUint16(22, true) || head.getUint32(36, true);
  const fatStart = reserved * sector;
  const fatEnd = fatStart + fats * fatSectors * sector;
  // FAT32 has its root directory in a cluster, mostly the first; what Windows puts on a medium is named there.
  const rootBytes = rootEntries > 0 ? rootEntries * 32 : head.getUint8(13) * sector;
  return [
    { start: 0, end: fatStart, what: "boot area" },
    { start: fatStart, end: fatEnd, what: "FAT" },
    { start: fatEnd, end: fatEnd + rootBytes, what: "root directory" },
  ];
}

function exfatRanges(head: DataView): WrittenRange[] {
  const sector = 2 ** Math.min(head.getUint8(0x6c), 12);
  const heap = head.getUint32(0x58, true) * sector;
  const cluster = sector * 2 ** Math.min(head.getUint8(0x6d), 25 - 9);
  const root = heap + (head.getUint32(0x60, true) - 2) * cluster;
  // What Windows puts on a medium is named in the root directory, and has its bits in front of it.
  const bitmapBytes = Math.ceil(head.getUint32(0x5c, true) / 8);
  return [
    { start: 0, end: heap, what: "boot area and FAT" },
    { start: heap, end: heap + bitmapBytes, what: "allocation bitmap" },
    { start: root, end: root + cluster, what: "root directory" },
  ];
}

function ntfsRanges(head: DataView): WrittenRange[] {
  const sector = head.getUint16(11, true);
  const perCluster = head.getInt8(13);
  const cluster = sector * (perCluster > 0 ? perCluster : 2 ** Math.min(-perCluster, 12));
  const table = numberAt(head, 0x30) * cluster;
  const mirror = numberAt(head, 0x38) * cluster;
  return [
    { start: 0, end: 16 * sector, what: "boot area" },
    { start: table, end: table + NTFS_SYSTEM_BYTES, what: "file table" },
    { start: mirror, end: mirror + 4 * KIB, what: "copy of the file table" },
  ];
}

/** Where the file table of an NTFS begins: like a superblock, it changes whenever anything is written. */
export function ntfsTableStart(head: Uint8Array): number | undefined {
  if (fileSystemId(head)?.kind !== "NTFS") return undefined;
  return ntfsRanges(viewOf(head))[1]!.start;
}

function xfsRanges(head: DataView): WrittenRange[] {
  const block = head.getUint32(4, false);
  const sector = head.getUint16(102, false);
  const agBlocks = head.getUint32(84, false);
  const agCount = Math.min(head.getUint32(88, false), MAX_COPIES);
  const agBlockLog = head.getUint8(124);
  const logStart = Number(head.getBigUint64(48, false));
  const logBlocks = head.getUint32(96, false);
  const ranges: WrittenRange[] = Array.from({ length: agCount }, (_, ag) => {
    const start = ag * agBlocks * block;
    return { start, end: start + 4 * sector, what: "superblock" };
  });
  if (logStart > 0) {
    const ag = Math.floor(logStart / 2 ** agBlockLog);
    const start = (ag * agBlocks + logStart % 2 ** agBlockLog) * block;
    ranges.push({ start, end: start + logBlocks * block, what: "journal" });
  }
  return ranges;
}

function numberAt(view: DataView, offset: number): number {
  return Number(view.getBigUint64(offset, true));
}

function clampEnd(end: number, least: number): number {
  return end > least && end < 256 * MIB ? end : least;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
