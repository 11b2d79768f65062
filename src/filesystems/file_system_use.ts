// What a file system says of its own space, and how a reader of one gives up.
import { RangeList } from "./range_list.ts";

/** Bytes count from the start of the partition. */
export interface FileSystemUse {
  /** More exact than the kind: "ext4", "FAT32"; undefined: the kind says all. */
  readonly name: string | undefined;
  /** Printable; null when there is none. */
  readonly label: string | null;
  /** What the file system fills of its partition. */
  readonly size: number;
  /** Superblocks, tables, bitmaps, file tables. */
  readonly structures: RangeList;
  /** All that is allocated. It may overlap the structures. */
  readonly data: RangeList;
  /** Bytes that count as used because their part of the bitmap cannot be read. */
  readonly unknown: number;
  /** Bytes in use by the file system's own count; null when it keeps none. */
  readonly counted: number | null;
  /** Why the allocation may be older than the files: "it was not unmounted". Undefined: no reason is known. */
  readonly doubt: string | undefined;
}

/** The content makes no sense. Its message goes on after "its": "superblock cannot be read". */
export class SickFileSystem extends Error {
  override name = "SickFileSystem";
}

/** @throws {SickFileSystem} when `isGood` is false. */
export function expect(isGood: boolean, message: string): asserts isGood {
  if (!isGood) throw new SickFileSystem(message);
}

/** Collects what the parts of a file system say. */
export class UseBuilder {
  readonly structures: RangeList = new RangeList();
  data: RangeList = new RangeList();
  unknown = 0;

  /** The bitmap of [start, end) cannot be read: all of it counts as used. */
  addUnknown(start: number, end: number): void {
    this.data.add(start, end);
    this.unknown += Math.max(0, end - start);
  }

  /** Takes out of the data what is allocated and holds nothing. */
  leaveOut(ranges: RangeList): void {
    this.data = this.data.without(ranges);
  }

  finish(
    { name, size, label, counted = null, doubt }: {
      name?: string;
      size: number;
      label: string | null;
      counted?: number | null | undefined;
      doubt?: string | undefined;
    },
  ): FileSystemUse {
    const { structures, data, unknown } = this;
    const isPlausible = counted !== null && counted >= 0 && counted <= size;
    return {
      name,
      label,
      size,
      structures,
      data,
      unknown,
      counted: isPlausible ? counted : null,
      doubt,
    };
  }
}

/** True for 1, 2, 4 ... within [low, high]. */
export function isPowerOf2(value: number, low: number, high: number): boolean {
  return value >= low && value <= high && Number.isInteger(Math.log2(value));
}
