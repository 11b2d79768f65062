// The number by which a partition table is known: the disk signature of an MBR, the GUID of a GPT (UEFI
// 2.10, section 5). From bytes that are handed in. partitions.ts reads what the tables list.

/** The first sector of an MBR, whatever the size of sectors. */
export const MBR_BYTES = 512;
const SIGNATURE_OFFSET = 440;
const ENTRIES_OFFSET = 446;
const ENTRY_BYTES = 16;
const ENTRY_COUNT = 4;
/** Partition type of the MBR that stands before a GPT so that old tools keep their hands off. */
const GPT_PROTECTIVE = 0xee;

/** `id`: 8 hex digits. */
export interface Mbr {
  id: string;
  protective: boolean;
  /** All four, in their order. */
  entries: readonly MbrEntry[];
}

/** An entry of an MBR or of an extended partition's table; numbers count sectors, as they stand there. */
export interface MbrEntry {
  /** 0: unused. */
  readonly type: number;
  readonly start: number;
  readonly count: number;
}

/** Reads sector 0. @returns undefined when it is no partition table (a FAT boot sector ends alike). */
export function parseMbr(sector: Uint8Array): Mbr | undefined {
  if (sector.length < MBR_BYTES || sector[510] !== 0x55 || sector[511] !== 0xaa) return undefined;
  const entries = Array.from({ length: ENTRY_COUNT }, (_, index) => {
    const start = ENTRIES_OFFSET + index * ENTRY_BYTES;
    return sector.subarray(start, start + ENTRY_BYTES);
  });
  if (!entries.every((entry) => entry[0] === 0 || entry[0] === 0x80)) return undefined;
  if (entries.every((entry) => entry[4] === 0)) return undefined;
  return {
    id: hex(sector, [443, 442, 441, SIGNATURE_OFFSET]),
    protective: entries.some((entry) => entry[4] === GPT_PROTECTIVE),
    entries: entries.map((entry) => {
      const view = new DataView(entry.buffer, entry.byteOffset, ENTRY_BYTES);
      return { type: entry[4]!, start: view.getUint32(8, true), count: view.getUint32(12, true) };
    }),
  };
}

/** Reads the header, which is sector 1. @returns the disk's GUID, or undefined when it is no GPT. */
export function parseGpt(sector: Uint8Array): string | undefined {
  if (sector.length < 92) return undefined;
  if (String.fromCharCode(...sector.subarray(0, 8)) !== "EFI PART") return undefined;
  // The first three groups are little-endian numbers.
  const groups = [[59, 58, 57, 56], [61, 60], [63, 62], [64, 65], [66, 67, 68, 69, 70, 71]];
  return groups.map((group) => hex(sector, group)).join("-");
}

function hex(bytes: Uint8Array, indexes: number[]): string {
  return indexes.map((index) => bytes[index]!.toString(16).padStart(2, "0")).join("");
}
