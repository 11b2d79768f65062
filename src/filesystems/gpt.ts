// The partitions of a GPT, from its primary table or the backup at the end of the disk (UEFI 2.10, 5.3).
import { printable } from "../base/printable.ts";
import { crc32 } from "./crc32.ts";
import type { PartReader } from "./part_reader.ts";
import { MAX_PARTITIONS, type Partition, type PartitionTable } from "./partitions.ts";
import { parseGpt } from "./partition_table.ts";

/** Least sizes of the header and of an entry, bytes. */
const HEADER_BYTES = 92;
const ENTRY_BYTES = 128;
/** The largest entries that are read: the standard allows any power of 2. */
const MAX_ENTRY_BYTES = 4096;
/** The size of a piece in which the entries are read: one that is lost hides no others. */
const PIECE_BYTES = 4096;

interface Header {
  readonly entriesOffset: number;
  readonly entryBytes: number;
  readonly count: number;
  readonly entriesCrc: number;
  /** Where the header stands, and where the other one is said to. */
  readonly offset: number;
  readonly isSound: boolean;
}

/**
 * @param sectorSize that of the device; an image of a disk with other sectors keeps its table where it was.
 * @returns undefined when there is none. Of several, the primary one if its checksums are right, then the backup.
 */
export function readGpt(reader: PartReader, sectorSize: number): PartitionTable | undefined {
  let second: PartitionTable | undefined;
  for (const place of ["primary", "backup"] as const) {
    for (const size of new Set([sectorSize, 512, 4096])) {
      const offset = place === "primary" ? size : reader.size - size;
      const header = readHeader(reader, offset, size);
      if (header === undefined) continue;
      const { table, isSound } = readEntries(reader, header, size);
      const remark = place === "backup" ? "the partition table is the backup copy" : null;
      if (isSound) return { ...table, remark };
      // Better than nothing, if the other one is no better.
      const wrong = "the checksum of the partition table is wrong";
      if (table.partitions.length > 0) second ??= { ...table, remark: wrong };
    }
  }
  return second;
}

function readHeader(reader: PartReader, offset: number, sectorSize: number): Header | undefined {
  const view = offset > 0 ? reader.view(offset, Math.max(HEADER_BYTES, 512)) : undefined;
  if (view === undefined) return undefined;
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  if (parseGpt(bytes) === undefined) return undefined;
  const length = view.getUint32(12, true);
  const entryBytes = view.getUint32(84, true);
  const entriesSector = Number(view.getBigUint64(72, true));
  if (length < HEADER_BYTES || length > bytes.length) return undefined;
  if (entryBytes < ENTRY_BYTES || entryBytes > MAX_ENTRY_BYTES || entryBytes % 8 !== 0) {
    return undefined;
  }
  const crc = crc32(bytes.subarray(0, 16), new Uint8Array(4), bytes.subarray(20, length));
  return {
    entriesOffset: entriesSector * sectorSize,
    entryBytes,
    count: Math.min(view.getUint32(80, true), MAX_PARTITIONS),
    entriesCrc: view.getUint32(80, true) <= MAX_PARTITIONS ? view.getUint32(88, true) : -1,
    offset,
    isSound: crc === view.getUint32(16, true),
  };
}

function readEntries(
  reader: PartReader,
  { entriesOffset, entryBytes, count, entriesCrc, offset, isSound }: Header,
  sectorSize: number,
): { table: PartitionTable; isSound: boolean } {
  const partitions: Partition[] = [];
  const entries = new Uint8Array(count * entryBytes);
  let isWhole = true;
  for (const { at, bytes } of reader.pieces(entriesOffset, entries.length, PIECE_BYTES)) {
    if (bytes === undefined) isWhole = false;
    else entries.set(bytes, at);
  }
  for (let index = 0; index < count; index++) {
    const entry = entries.subarray(index * entryBytes, (index + 1) * entryBytes);
    if (entry.subarray(0, 16).every((byte) => byte === 0)) continue;
    const view = new DataView(entry.buffer, entry.byteOffset, entryBytes);
    const first = Number(view.getBigUint64(32, true)) * sectorSize;
    const end = (Number(view.getBigUint64(40, true)) + 1) * sectorSize;
    if (!(first > 0 && first < end && first < reader.size)) continue;
    const size = Math.min(end, reader.size) - first;
    const name = new TextDecoder("utf-16le").decode(entry.subarray(56, 128)).split("\0")[0]!;
    partitions.push({
      number: index + 1,
      start: first,
      size,
      name: printable(name).trim() || null,
    });
  }
  const structures = [
    { start: 0, end: sectorSize },
    { start: offset, end: offset + sectorSize },
    { start: entriesOffset, end: Math.min(entriesOffset + entries.length, reader.size) },
  ];
  return {
    table: { kind: "gpt", partitions, structures, remark: null },
    isSound: isSound && isWhole && crc32(entries) === entriesCrc,
  };
}
