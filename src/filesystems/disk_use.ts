// What of a device is used: its partitions, their file systems, and the order in which to read them. An order and never
// a limit: what a bitmap leaves out is read after it. Pure; nothing on the device can make it throw, loop or grow
// (part_reader.ts and range_list.ts have the limits).
import { formatSize } from "../base/sizes.ts";
import { FILE_SYSTEMS, findFileSystem, type KnownKind } from "./find_file_system.ts";
import { type FileSystemUse, SickFileSystem } from "./file_system_use.ts";
import { PartReader, ReadBudget } from "./part_reader.ts";
import { type Partition, type PartitionTable, readPartitions } from "./partitions.ts";
import { RangeList } from "./range_list.ts";
import type { ReadBytes } from "./volume.ts";

/** A partition, or a device that has none. Sizes are bytes. */
export interface PartUse {
  /** "p1"; null for the device as a whole. */
  readonly name: string | null;
  /** "NTFS", "LUKS"; null when nothing is recognized. */
  readonly kind: string | null;
  /** Printable. */
  readonly label: string | null;
  readonly start: number;
  readonly size: number;
  /** What counts as used: `size` where the allocation is not known or not to be trusted. */
  readonly used: number;
  /** In use by the bitmaps, or by the file system's own count if they could not be read; null when unknown. */
  readonly inUse: number | null;
  /** Why all of it counts as used; else what could not be found out. Null: all is well. */
  readonly remark: string | null;
}

/** What is used, in three ranks that have nothing in common, each in the order of the disk. */
export interface DiskUse {
  readonly table: "gpt" | "mbr" | null;
  readonly parts: readonly PartUse[];
  /** First: partition tables, superblocks, bitmaps, file tables. */
  readonly structures: RangeList;
  /** Second: what is allocated, and partitions that count as used as a whole. */
  readonly data: RangeList;
  /** Last: the rest of file systems whose bitmaps may be old. */
  readonly doubtful: RangeList;
  /** What is wrong with the partition table; null: nothing. */
  readonly remark: string | null;
}

/**
 * @param read may wait for a device; it is never asked for the same bytes twice on purpose.
 * @param size of the device, bytes.
 * @param sectorSize of the device, bytes.
 */
export function diskUse(
  read: ReadBytes,
  size: number,
  sectorSize: number,
  budget: ReadBudget = new ReadBudget(),
): DiskUse {
  const reader = new PartReader(read, size, budget);
  const plan = new Plan(reader);
  const kind = findFileSystem(reader);
  // A boot sector of FAT or NTFS can look like a table. Others leave the first sector alone: an old one of them may still
  // stand behind a table that was written later.
  const table = kind !== undefined && FILE_SYSTEMS[kind].isFirstSector
    ? undefined
    : readPartitions(reader, sectorSize);
  if (table === undefined) {
    if (size > 0) plan.take({ number: 0, start: 0, size, name: null }, null, kind);
  } else takeTable(plan, reader, table, kind);
  return plan.finish(table);
}

function takeTable(
  plan: Plan,
  reader: PartReader,
  table: PartitionTable,
  kind: KnownKind | undefined,
): void {
  plan.structures.addAll(table.structures, 0, 0, reader.size);
  let discEnd = 0;
  // A disc that also boots from a stick has partitions in it, and perhaps one behind it.
  if (kind === "ISO 9660") {
    const disc = { number: 0, start: 0, size: reader.size, name: null };
    discEnd = plan.take(disc, null, kind);
  }
  for (const partition of table.partitions) {
    if (partition.start + partition.size <= discEnd || partition.start === 0) continue;
    const part = reader.part(partition.start, partition.size);
    plan.take(partition, `p${partition.number}`, findFileSystem(part));
  }
}

class Plan {
  readonly structures: RangeList = new RangeList();
  readonly #data = new RangeList();
  readonly #doubtful = new RangeList();
  readonly #parts: PartUse[] = [];
  readonly #reader: PartReader;

  constructor(reader: PartReader) {
    this.#reader = reader;
  }

  /** @returns where the file system ends, bytes from the start of the device. */
  take(
    { start, size, name }: Partition,
    shownName: string | null,
    kind: KnownKind | undefined,
  ): number {
    const reader = this.#reader.part(start, size);
    const known = kind === undefined ? undefined : FILE_SYSTEMS[kind];
    let use: FileSystemUse | undefined;
    let remark = "what is on it is not known";
    if (known !== undefined && kind !== undefined) {
      remark = known.remark ?? `${kind} cannot be looked into`;
      try {
        use = known.use?.(reader);
      } catch (error) {
        if (!(error instanceof SickFileSystem)) throw error;
        remark = `its ${error.message}`;
      }
    }
    const shownKind = use?.name ?? kind ?? null;
    const part = { name: shownName, kind: shownKind, label: use?.label ?? name, start, size };
    if (use === undefined) {
      this.#data.add(start, start + size);
      this.#parts.push({ ...part, used: size, inUse: null, remark });
      return start + size;
    }
    const both = RangeList.of(...[]);
    both.addAll(use.structures, 0, 0, size);
    both.addAll(use.data, 0, 0, size);
    this.structures.addAll(use.structures, start, start, start + size);
    this.#data.addAll(use.data, start, start, start + size);
    if (use.doubt !== undefined) this.#doubtful.add(start, start + size);
    const inUse = use.unknown > 0 ? use.counted : both.bytes;
    this.#parts.push({
      ...part,
      used: use.doubt === undefined ? both.bytes : size,
      inUse,
      remark: use.doubt ?? (use.unknown > 0 ? this.#lost(use.unknown) : null),
    });
    return start + use.size;
  }

  finish(table: PartitionTable | undefined): DiskUse {
    const structures = this.structures;
    const data = this.#data.without(structures);
    const doubtful = this.#doubtful.without(structures).without(data);
    const remark = table?.remark ?? null;
    return { table: table?.kind ?? null, parts: this.#parts, structures, data, doubtful, remark };
  }

  #lost(bytes: number): string {
    const why = this.#reader.isSpent ? "were not looked up" : "cannot be looked up";
    return `${formatSize(bytes)} ${why} in its bitmaps and count as used`;
  }
}

/** What is in a part and how much of it is used: `NTFS "Windows" 931 GiB, 118 GiB used`. */
export function useSentence({ kind, label, size, used, inUse, remark }: PartUse): string {
  const what = [kind ?? "unknown", label && `"${label}"`, formatSize(size)].filter(Boolean)
    .join(" ");
  if (remark === null) return `${what}, ${formatSize(used)} used`;
  const own = inUse === null ? "" : ` (${formatSize(inUse)} by its own count)`;
  if (used === size) return `${what}, used as a whole${own}: ${remark}`;
  return `${what}, at most ${formatSize(used)} used${own}: ${remark}`;
}
