// Which file system is on a partition, and what can look into it.
import { btrfsUse, hasBtrfsCopy } from "./btrfs.ts";
import { extUse, hasExtCopy } from "./ext.ts";
import { exfatUse, hasExfatCopy } from "./exfat.ts";
import { fatUse, hasFatCopy } from "./fat.ts";
import { FILE_SYSTEM_HEAD_BYTES, fileSystemId, type FileSystemKind } from "./file_system_id.ts";
import type { FileSystemUse } from "./file_system_use.ts";
import { hasHfsPlusCopy, hfsPlusUse } from "./hfs_plus.ts";
import { hasNtfsCopy, ntfsUse } from "./ntfs.ts";
import { opticalKind, opticalUse } from "./optical.ts";
import type { PartReader } from "./part_reader.ts";
import { xfsUse } from "./xfs.ts";

/** The superblock of btrfs lies behind what other file systems are known by. */
const HEAD_BYTES = FILE_SYSTEM_HEAD_BYTES + 4096;

/** Known to the program. */
export interface KnownFileSystem {
  /** It is recognized by its first sector, so no partition table can be there. */
  readonly isFirstSector: boolean;
  /** Why all of it counts as used. */
  readonly remark?: string;
  /** Finds out what is allocated. @throws {SickFileSystem} */
  readonly use?: (reader: PartReader) => FileSystemUse;
  /** Whether a copy of its superblock is there, for the case that the first one is lost. */
  readonly hasCopy?: (reader: PartReader) => boolean;
}

/** All that can be told. */
export type KnownKind = FileSystemKind | "ISO 9660" | "UDF";

const ENCRYPTED = "it is encrypted";
const NOT_READ = "its bitmaps cannot be read yet";

export const FILE_SYSTEMS: Readonly<Record<KnownKind, KnownFileSystem>> = {
  ext: { isFirstSector: false, use: extUse, hasCopy: hasExtCopy },
  NTFS: { isFirstSector: true, use: ntfsUse, hasCopy: hasNtfsCopy },
  exFAT: { isFirstSector: true, use: exfatUse, hasCopy: hasExfatCopy },
  // Behind the others, whose boot sectors have some of its fields.
  FAT: { isFirstSector: true, use: fatUse, hasCopy: hasFatCopy },
  XFS: { isFirstSector: true, use: xfsUse },
  btrfs: { isFirstSector: false, use: btrfsUse, hasCopy: hasBtrfsCopy },
  "HFS+": { isFirstSector: false, use: hfsPlusUse, hasCopy: hasHfsPlusCopy },
  "ISO 9660": { isFirstSector: false, use: opticalUse },
  UDF: { isFirstSector: false, use: opticalUse },
  HFS: { isFirstSector: false, remark: NOT_READ },
  APFS: { isFirstSector: true, remark: NOT_READ },
  ReFS: { isFirstSector: true, remark: NOT_READ },
  F2FS: { isFirstSector: false, remark: NOT_READ },
  squashfs: { isFirstSector: true, remark: "all of it is in use" },
  BitLocker: { isFirstSector: true, remark: ENCRYPTED },
  LUKS: { isFirstSector: true, remark: ENCRYPTED },
  LVM: { isFirstSector: false, remark: "it holds logical volumes" },
  "RAID member": { isFirstSector: false, remark: "its file system may span several disks" },
  swap: { isFirstSector: false, remark: "it is memory of a system" },
};

/** @returns undefined when nothing is recognized. */
export function findFileSystem(reader: PartReader): KnownKind | undefined {
  const head = new Uint8Array(Math.min(reader.size, HEAD_BYTES));
  for (const { at, bytes } of reader.pieces(0, head.length, FILE_SYSTEM_HEAD_BYTES * 2)) {
    if (bytes !== undefined) head.set(bytes, at);
  }
  const kind = fileSystemId(head)?.kind ?? opticalKind(head);
  if (kind !== undefined) return kind;
  const kinds = Object.entries(FILE_SYSTEMS) as [FileSystemKind, KnownFileSystem][];
  return kinds.find(([, { hasCopy }]) => hasCopy?.(reader))?.[0];
}
