// What NTFS has allocated, by $Bitmap; its system files always. Layout: the Linux-NTFS project's documentation and
// libyal's (libfsntfs).
import { printable } from "../base/printable.ts";
import { setRuns } from "./bitmap.ts";
import { expect, type FileSystemUse, isPowerOf2, UseBuilder } from "./file_system_use.ts";
import { type NtfsGeometry, NtfsTable } from "./ntfs_table.ts";
import {
  type Attribute,
  DATA,
  fixedUp,
  INDEX_ALLOCATION,
  INDEX_ROOT,
  utf16,
  viewOf,
  VOLUME_INFORMATION,
  VOLUME_NAME,
} from "./ntfs_records.ts";
import { MAX_PIECE_BYTES, type PartReader } from "./part_reader.ts";
import { RangeList } from "./range_list.ts";

const BOOT_BYTES = 512;
/** Numbers of system files in the file table. */
const MFT_MIRROR = 1;
const LOG_FILE = 2;
const VOLUME = 3;
const ROOT = 5;
const BITMAP = 6;
const BAD_CLUSTERS = 8;
/** The first records of the file table are kept for system files. */
const SYSTEM_RECORDS = 16;
const VOLUME_IS_DIRTY = 1;
/** Of the root directory, to look for Windows' hibernation file: names of some 10,000 files. */
const MAX_ROOT_BYTES = MAX_PIECE_BYTES;
const HIBERNATION_FILE = "hiberfil.sys";
/** What the file begins with while Windows is hibernated; it wakes up with other letters or zeros. */
const HIBERNATED: readonly string[] = ["hibr", "HIBR", "RSTR"];
/** What is read of $Bitmap at a time, bytes: each bit is a cluster. */
const PIECE_BYTES = MAX_PIECE_BYTES;

/** @throws {SickFileSystem} when boot sector, file table or bitmap make no sense. */
export function ntfsUse(reader: PartReader): FileSystemUse {
  const geometry = readBoot(reader);
  const { cluster, clusters } = geometry;
  const table = NtfsTable.open(reader, geometry);
  const use = new UseBuilder();
  use.structures.add(0, Math.min(8192, reader.size));
  const backup = geometry.size;
  use.structures.add(backup, Math.min(backup + BOOT_BYTES, reader.size));
  const add = (attribute: Attribute | undefined, isStructure: boolean) => {
    for (const run of attribute?.runs ?? []) {
      if (run.cluster === undefined || run.cluster >= clusters) continue;
      const end = Math.min(run.cluster + run.count, clusters);
      (isStructure ? use.structures : use.data).add(run.cluster * cluster, end * cluster);
    }
  };
  for (const { start, end } of table.ranges) use.structures.add(start, end);
  // $Bitmap is known to miss clusters that are allocated: what the system files' own runs say is added.
  for (let number = 1; number < SYSTEM_RECORDS; number++) {
    const isStructure = [MFT_MIRROR, LOG_FILE, ROOT, BITMAP].includes(number);
    if (number === BAD_CLUSTERS) continue;
    for (const attribute of table.attributes(number)) add(attribute, isStructure);
  }
  takeBitmap(reader, table, geometry, use);
  const volume = table.attributes(VOLUME);
  const label = volume.find(({ type }) => type === VOLUME_NAME)?.value;
  const information = volume.find(({ type }) => type === VOLUME_INFORMATION)?.value;
  const isDirty = information !== undefined && information.length >= 12 &&
    (information[10]! & VOLUME_IS_DIRTY) !== 0;
  const hibernated = isHibernated(reader, table, geometry);
  return use.finish({
    size: Math.min(geometry.size + BOOT_BYTES, reader.size),
    label: label === undefined ? null : printable(utf16(label)).trim() || null,
    doubt: hibernated
      ? "Windows is hibernated in it"
      : isDirty
      ? "it was not unmounted"
      : undefined,
  });
}

/** Whether the copy of the boot sector at the end is one. */
export function hasNtfsCopy(reader: PartReader): boolean {
  const view = reader.view(reader.size - BOOT_BYTES, BOOT_BYTES);
  return view !== undefined && parseBoot(view, reader.size) !== undefined;
}

function readBoot(reader: PartReader): NtfsGeometry {
  for (const offset of [0, reader.size - BOOT_BYTES]) {
    const view = reader.view(offset, BOOT_BYTES);
    const geometry = view && parseBoot(view, reader.size);
    if (geometry !== undefined) return geometry;
  }
  expect(false, "boot sector makes no sense");
}

function parseBoot(view: DataView, size: number): NtfsGeometry | undefined {
  const name = Array.from({ length: 4 }, (_, at) => String.fromCharCode(view.getUint8(3 + at)));
  if (name.join("") !== "NTFS") return undefined;
  const sector = view.getUint16(0x0b, true);
  const factor = view.getUint8(0x0d);
  const cluster = sector * (factor > 0x80 ? 2 ** (256 - factor) : factor);
  const perRecord = view.getInt8(0x40);
  const record = perRecord > 0 ? perRecord * cluster : 2 ** -perRecord;
  const bytes = Number(view.getBigUint64(0x28, true)) * sector;
  const mft = Number(view.getBigUint64(0x30, true));
  const mirror = Number(view.getBigUint64(0x38, true));
  const clusters = Math.floor(bytes / cluster);
  const isGood = isPowerOf2(sector, 256, 4096) && isPowerOf2(cluster, 512, 2 ** 21) &&
    isPowerOf2(record, 512, 65_536) && bytes > 0 && bytes <= size && mft > 0 && mft < clusters &&
    mirror < clusters;
  return isGood ? { size: bytes, cluster, clusters, record, mft, mirror } : undefined;
}

function takeBitmap(
  reader: PartReader,
  table: NtfsTable,
  { cluster, clusters }: NtfsGeometry,
  use: UseBuilder,
): void {
  const data = table.attributes(BITMAP).filter(({ type, name }) => type === DATA && name === "");
  expect(data.length > 0, "$Bitmap cannot be found");
  // It may be in several parts; what none of them covers counts as used.
  let done = 0;
  const take = (bytes: Uint8Array | undefined, length: number) => {
    const first = done * 8;
    const count = Math.min(length * 8, clusters - first);
    done += length;
    if (count <= 0) return;
    if (bytes === undefined) return use.addUnknown(first * cluster, (first + count) * cluster);
    setRuns(bytes, count, "low first", (start, end) => {
      use.data.add((first + start) * cluster, (first + end) * cluster);
    });
  };
  const resident = data[0]!.value;
  if (resident !== undefined) take(resident, resident.length);
  const needed = Math.ceil(clusters / 8);
  for (const { firstVcn, runs } of data.sort((a, b) => a.firstVcn - b.firstVcn)) {
    if (runs === undefined || firstVcn * cluster !== done) break;
    for (const run of runs) {
      if (done >= needed) break;
      const length = Math.min(run.count * cluster, needed - done);
      const offset = run.cluster === undefined ? reader.size : run.cluster * cluster;
      for (const piece of reader.pieces(offset, length, PIECE_BYTES)) {
        take(piece.bytes, piece.length);
      }
    }
  }
  if (done < needed) take(undefined, needed - done);
  takeBadClusters(table, cluster, use);
}

/** Clusters that the file system calls bad hold nothing, and each costs a failing read. */
function takeBadClusters(table: NtfsTable, cluster: number, use: UseBuilder): void {
  const bad = table.attributes(BAD_CLUSTERS).find(({ name }) => name === "$Bad");
  const ranges = (bad?.runs ?? []).flatMap((run) =>
    run.cluster === undefined
      ? []
      : [{ start: run.cluster * cluster, end: (run.cluster + run.count) * cluster }]
  );
  if (ranges.length > 0) use.leaveOut(RangeList.of(...ranges));
}

/** Looks for the file of a hibernated Windows, whose changes are in that file and not yet in the bitmap. */
function isHibernated(reader: PartReader, table: NtfsTable, { cluster, record }: NtfsGeometry) {
  const number = findInRoot(reader, table, cluster, HIBERNATION_FILE);
  if (number === undefined) return false;
  const data = table.attributes(number).find(({ type, name }) => type === DATA && name === "");
  const first = data?.runs?.[0]?.cluster;
  const bytes = data?.value ??
    (first === undefined ? undefined : reader.bytes(first * cluster, record));
  if (bytes === undefined || bytes.length < 4) return false;
  return HIBERNATED.includes(String.fromCharCode(...bytes.subarray(0, 4)));
}

/** @returns the number of the file's record. */
function findInRoot(
  reader: PartReader,
  table: NtfsTable,
  cluster: number,
  wanted: string,
): number | undefined {
  const attributes = table.attributes(ROOT).filter(({ name }) => name === "$I30");
  const root = attributes.find(({ type }) => type === INDEX_ROOT)?.value;
  if (root === undefined || root.length < 32) return undefined;
  const inRoot = findInEntries(root, 16, wanted);
  if (inRoot !== undefined) return inRoot;
  const block = viewOf(root).getUint32(8, true);
  if (!isPowerOf2(block, 512, 65_536)) return undefined;
  let left = MAX_ROOT_BYTES;
  for (const { runs } of attributes.filter(({ type }) => type === INDEX_ALLOCATION)) {
    for (const run of runs ?? []) {
      const length = Math.min(run.count * cluster, left);
      if (run.cluster === undefined || length < block) continue;
      left -= length;
      for (const { bytes } of reader.pieces(run.cluster * cluster, length)) {
        for (let at = 0; bytes !== undefined && at + block <= bytes.length; at += block) {
          const fixed = fixedUp(bytes.subarray(at, at + block), "INDX");
          const found = fixed && findInEntries(fixed, 24, wanted);
          if (found !== undefined) return found;
        }
      }
    }
  }
  return undefined;
}

/** @param header where the header of the entries stands. */
function findInEntries(bytes: Uint8Array, header: number, wanted: string): number | undefined {
  const view = viewOf(bytes);
  const end = Math.min(header + view.getUint32(header + 4, true), bytes.length);
  let at = header + view.getUint32(header, true);
  while (at + 82 <= end) {
    const length = view.getUint16(at + 8, true);
    if (length < 16) return undefined;
    const name = utf16(bytes.subarray(at + 82, at + 82 + bytes[at + 80]! * 2));
    if (name.toLowerCase() === wanted) {
      return view.getUint32(at, true) + view.getUint16(at + 4, true) * 2 ** 32;
    }
    at += length;
  }
  return undefined;
}
