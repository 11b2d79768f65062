// The partitions of a disk: MBR with extended ones (as all systems since DOS write it), GPT, or none.
import { FILE_SYSTEM_HEAD_BYTES, fileSystemId } from "./file_system_id.ts";
import { readGpt } from "./gpt.ts";
import { MBR_BYTES, parseMbr } from "./partition_table.ts";
import type { PartReader } from "./part_reader.ts";
import type { ByteRange } from "./range_list.ts";

/** The most partitions that are looked at: a GPT has room for 128, and larger ones have not been seen. */
export const MAX_PARTITIONS = 256;

/** Bytes from the start of the device; it lies inside. */
export interface Partition {
  /** As Linux counts them; logical ones from 5 on. */
  readonly number: number;
  readonly start: number;
  readonly size: number;
  /** Printable; null where the table has no names. */
  readonly name: string | null;
}

export interface PartitionTable {
  readonly kind: "gpt" | "mbr";
  /** In the order of the table. They may overlap. */
  readonly partitions: readonly Partition[];
  /** Where the tables are. */
  readonly structures: readonly ByteRange[];
  /** What is wrong with it, a sentence. */
  readonly remark: string | null;
}

/** Types of a partition that holds others: CHS, LBA, Linux' own. */
const EXTENDED: readonly number[] = [0x05, 0x0f, 0x85];
const FIRST_LOGICAL = 5;
/** A GPT's headers can be as far from the ends, in sectors, as the standard puts them; only the MBR names one. */
const GPT_PROTECTIVE = 0xee;

/**
 * Finds the partitions with few small reads.
 * @param sectorSize that of the device: what a table counts in, unless only another size makes sense.
 * @returns undefined when there is no table that lists any.
 */
export function readPartitions(
  reader: PartReader,
  sectorSize: number,
): PartitionTable | undefined {
  const sector = reader.bytes(0, MBR_BYTES);
  const mbr = sector && parseMbr(sector);
  // A GPT without its MBR: it was overwritten, or cannot be read. With another MBR: the GPT is older.
  if (mbr === undefined || mbr.protective) {
    const gpt = readGpt(reader, sectorSize);
    if (gpt !== undefined) return gpt;
  }
  if (mbr === undefined) return undefined;
  const sizes = [...new Set([sectorSize, 512, 4096])];
  const tables = sizes.map((size) => readMbr(reader, mbr.entries, size));
  const table = tables.find((each) => beginsWithFileSystem(reader, each)) ?? tables[0]!;
  return table.partitions.length > 0 ? table : undefined;
}

function beginsWithFileSystem(reader: PartReader, { partitions }: PartitionTable): boolean {
  const [first] = partitions;
  if (first === undefined) return false;
  const head = reader.bytes(first.start, Math.min(first.size, FILE_SYSTEM_HEAD_BYTES));
  return head !== undefined && fileSystemId(head) !== undefined;
}

function readMbr(
  reader: PartReader,
  entries: NonNullable<ReturnType<typeof parseMbr>>["entries"],
  sectorSize: number,
): PartitionTable {
  const partitions: Partition[] = [];
  const structures: ByteRange[] = [{ start: 0, end: sectorSize }];
  for (const [index, { type, start, count }] of entries.entries()) {
    if (type === 0 || type === GPT_PROTECTIVE) continue;
    if (EXTENDED.includes(type)) {
      readLogical(reader, start, sectorSize, partitions, structures);
    } else add(reader, partitions, index + 1, start * sectorSize, count * sectorSize);
  }
  return { kind: "mbr", partitions, structures, remark: null };
}

/** Follows the chain of tables in an extended partition: each has one logical partition and the next table. */
function readLogical(
  reader: PartReader,
  extended: number,
  sectorSize: number,
  partitions: Partition[],
  structures: ByteRange[],
): void {
  const seen = new Set<number>();
  let number = FIRST_LOGICAL;
  let table = extended;
  while (!seen.has(table) && seen.size < MAX_PARTITIONS) {
    seen.add(table);
    const sector = reader.bytes(table * sectorSize, MBR_BYTES);
    const entries = sector && parseMbr(sector)?.entries;
    if (entries === undefined) return;
    structures.push({ start: table * sectorSize, end: (table + 1) * sectorSize });
    const logical = entries.find(({ type }) => type !== 0 && !EXTENDED.includes(type));
    if (logical !== undefined) {
      const start = (table + logical.start) * sectorSize;
      add(reader, partitions, number++, start, logical.count * sectorSize);
    }
    const next = entries.find(({ type }) => EXTENDED.includes(type));
    if (next === undefined) return;
    table = extended + next.start;
  }
}

function add(
  reader: PartReader,
  partitions: Partition[],
  number: number,
  start: number,
  size: number,
): void {
  if (!(size > 0 && start < reader.size) || partitions.length >= MAX_PARTITIONS) return;
  partitions.push({ number, start, size: Math.min(size, reader.size - start), name: null });
}
