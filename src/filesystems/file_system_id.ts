// The number that a file system, or what stands in the place of one, has got when it was made: two media with
// different ones are two media, or one that has been formatted anew. From bytes that are handed in.
// Sources: the on-disk structures in the kernel's headers (ext4.h, md_p.h, xfs_format.h, btrfs_tree.h,
// exfat_raw.h, ntfs layout), cryptsetup's and LVM2's format documents, Microsoft's FAT specification, Apple's TN1150 and
// File System Reference.

/** How many bytes of a partition, from its start, say what is on it. */
export const FILE_SYSTEM_HEAD_BYTES = 65_536;

/** What a partition says of itself. */
export interface FileSystemId {
  readonly kind: FileSystemKind;
  /** Hex digits, or what the format has instead; null when it was never set. */
  readonly id: string | null;
}

export type FileSystemKind =
  | "ext"
  | "FAT"
  | "exFAT"
  | "NTFS"
  | "XFS"
  | "btrfs"
  | "HFS"
  | "HFS+"
  | "APFS"
  | "ReFS"
  | "F2FS"
  | "squashfs"
  | "BitLocker"
  | "LUKS"
  | "LVM"
  | "RAID member"
  | "swap";

/** The magic of Linux' software RAID, little-endian (linux/raid/md_p.h). */
export const MD_MAGIC = 0xa92b4efc;
/** Where a superblock of version 1.2 stands. */
export const MD_OFFSET = 4096;
const MD_BYTES = 256;
/** Where the superblock of btrfs stands: behind FILE_SYSTEM_HEAD_BYTES. */
export const BTRFS_OFFSET = 65_536;
const SECTOR = 512;

/** @param head the first bytes of a disk or partition. @returns undefined when nothing is recognized. */
export function fileSystemId(head: Uint8Array): FileSystemId | undefined {
  for (const parse of PARSERS) {
    const found = parse(head);
    if (found !== undefined) return found;
  }
  return undefined;
}

const PARSERS: readonly ((head: Uint8Array) => FileSystemId | undefined)[] = [
  // The format that was put on top comes first: a RAID member may still show the file system in it.
  raidMember,
  (head) =>
    has(head, 0, "LUKS\xba\xbe", 512) ? { kind: "LUKS", id: textAt(head, 168, 40) } : undefined,
  lvm,
  (head) => has(head, 0, "XFSB", 512) ? { kind: "XFS", id: hexAt(head, 32, 16) } : undefined,
  ext,
  (head) => has(head, 3, "NTFS    ", 512) ? { kind: "NTFS", id: hexAt(head, 0x48, 8) } : undefined,
  (head) => has(head, 3, "EXFAT   ", 512) ? { kind: "exFAT", id: hexAt(head, 0x64, 4) } : undefined,
  fat,
  // Its volume number lies in an area that cannot be found without its metadata.
  (head) => has(head, 3, "-FVE-FS-", 512) ? { kind: "BitLocker", id: null } : undefined,
  (head) => has(head, 3, "ReFS\0\0\0\0", 512) ? { kind: "ReFS", id: null } : undefined,
  (head) => has(head, 32, "NXSB", 4096) ? { kind: "APFS", id: hexAt(head, 72, 16) } : undefined,
  (head) => has(head, 0, "hsqs", 512) ? { kind: "squashfs", id: null } : undefined,
  (head) =>
    has(head, 1024, "\x10\x20\xf5\xf2", 2048)
      ? { kind: "F2FS", id: hexAt(head, 1132, 16) }
      : undefined,
  hfs,
  (head) =>
    has(head, BTRFS_OFFSET + 64, "_BHRfS_M", BTRFS_OFFSET + 4096)
      ? { kind: "btrfs", id: hexAt(head, BTRFS_OFFSET + 32, 16) }
      : undefined,
  (head) =>
    has(head, 4086, "SWAPSPACE2", 4096) ? { kind: "swap", id: hexAt(head, 1036, 16) } : undefined,
];

function raidMember(head: Uint8Array): FileSystemId | undefined {
  for (const at of [0, MD_OFFSET]) {
    if (head.length < at + MD_BYTES || wordAt(head, at) !== MD_MAGIC) continue;
    // The set's number, then the member's own.
    return { kind: "RAID member", id: `${hexAt(head, at + 16, 16)}-${hexAt(head, at + 168, 16)}` };
  }
  return undefined;
}

function lvm(head: Uint8Array): FileSystemId | undefined {
  for (let at = 0; at < 4 * SECTOR; at += SECTOR) {
    if (!has(head, at, "LABELONE", SECTOR) || !has(head, at + 24, "LVM2 001", 8)) continue;
    return { kind: "LVM", id: textAt(head, at + wordAt(head, at + 20), 32) };
  }
  return undefined;
}

function ext(head: Uint8Array): FileSystemId | undefined {
  if (head.length < 2048 || head[1080] !== 0x53 || head[1081] !== 0xef) return undefined;
  return { kind: "ext", id: hexAt(head, 1128, 16) };
}

function fat(head: Uint8Array): FileSystemId | undefined {
  if (head.length < SECTOR || head[510] !== 0x55 || head[511] !== 0xaa) return undefined;
  if (has(head, 82, "FAT32", 5)) return { kind: "FAT", id: hexAt(head, 67, 4) };
  if (has(head, 54, "FAT", 3)) return { kind: "FAT", id: hexAt(head, 39, 4) };
  return undefined;
}

function hfs(head: Uint8Array): FileSystemId | undefined {
  // Plain HFS may be nothing but the cover of an HFS+.
  if (has(head, 1024, "BD", 2048)) return { kind: "HFS", id: hexAt(head, 1140, 8) };
  const isPlus = has(head, 1024, "H+", 2048) || has(head, 1024, "HX", 2048);
  return isPlus ? { kind: "HFS+", id: hexAt(head, 1128, 8) } : undefined;
}

function has(bytes: Uint8Array, offset: number, magic: string, need: number): boolean {
  if (bytes.length < Math.max(offset + magic.length, need)) return false;
  return [...magic].every((character, index) => bytes[offset + index] === character.charCodeAt(0));
}

function wordAt(bytes: Uint8Array, offset: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(offset, true);
}

function hexAt(bytes: Uint8Array, offset: number, length: number): string | null {
  const part = bytes.subarray(offset, offset + length);
  if (part.length < length || part.every((byte) => byte === 0)) return null;
  return Array.from(part, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Up to the first zero. Only what a number is made of: it is going to be shown. */
function textAt(bytes: Uint8Array, offset: number, length: number): string | null {
  const text = String.fromCharCode(...bytes.subarray(offset, offset + length)).split("\0")[0]!;
  return /^[\w-]+$/.test(text) ? text : null;
}
