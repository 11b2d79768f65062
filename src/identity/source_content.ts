// What `blkcache detect` reads of one source.
import type { SourceClass } from "../device/detect.ts";
import { discLayout } from "./disc_layout.ts";
import { File, type TryPread } from "../device/file.ts";
import { type DiskUse, diskUse } from "../filesystems/disk_use.ts";
import { ReadBudget, type ReadLimits } from "../filesystems/part_reader.ts";
import type { ReadBytes } from "../filesystems/volume.ts";
import { identify, identifyUnread, type Identity, readerOf, withBudget } from "./identity.ts";
import { Removable } from "../device/removable.ts";
import { readToc } from "./toc.ts";

/** What stands on a source. Plain data. */
export interface SourceContent {
  readonly identity: Identity;
  readonly use: SourceUse;
  /** Remarks on an unusual disc, whole sentences. */
  readonly remarks: readonly string[];
}

/** Partitions, their file systems, and how much of them is used. */
export type SourceUse = Pick<DiskUse, "table" | "parts" | "remark">;

/**
 * What a look may read of bitmaps: those of a disk of 1 TB, in some seconds. Nothing after a failed read. Nobody keeps
 * what is read here, so of larger disks the file systems' own counts are shown.
 */
const LOOK_LIMITS: ReadLimits = { reads: 2000, bytes: 64 * 2 ** 20, failures: 1 };
/** A sick disk takes so long for few good reads, milliseconds. */
const LOOK_MS = 5000;

/** Whether bytes of a device may be read: false for what an earlier run has found to be bad. */
export type IsReadable = (offset: number, length: number) => boolean;

/**
 * Reads the first 64 KiB, and the file systems' tables as far as LOOK_LIMITS allow; nothing once a read has failed.
 * Blocks as the device likes.
 * @param readableOf told what the device says without being read.
 * @param tryPread makes the reads of a device; default: pread(2).
 * @throws {UserError} when it cannot be opened.
 */
export function sourceContent(
  path: string,
  kind: SourceClass,
  readableOf: (now: Identity) => IsReadable,
  tryPread?: TryPread,
): SourceContent {
  using file = kind.open(path, { direct: kind !== File, tryPread });
  const isReadable = readableOf(identifyUnread(file));
  const read = withBudget(readerOf(file));
  const readable: ReadBytes = (offset, length) =>
    isReadable(offset, length) ? read(offset, length) : undefined;
  const identity = identify(file, { read: readable });
  return { identity, use: useOf(identity, readable), remarks: remarksOn(file, identity) };
}

function useOf({ size, sectorSize }: Identity, read: ReadBytes): SourceUse {
  const endMs = performance.now() + LOOK_MS;
  const inTime: ReadBytes = (offset, length) =>
    performance.now() < endMs ? read(offset, length) : undefined;
  const { table, parts, remark } = diskUse(inTime, size, sectorSize, new ReadBudget(LOOK_LIMITS));
  return { table, parts, remark };
}

function remarksOn(file: File, { size, sectorSize, volume }: Identity): readonly string[] {
  if (!(file instanceof Removable && file.optical)) return [];
  return discLayout(size, sectorSize, volume, readToc(file.fd)).remarks;
}
