// The number by which a partition table is known: the disk signature of an MBR, the GUID of a GPT (UEFI
// 2.10, section 5). From bytes that are handed in.

const MBR_BYTES = 512;
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
}

/** Reads sector 0. @returns undefined when it is no partition table (a FAT boot sector ends alike). */
export function parseMbr(sector: Uint8Array): Mbr | undefined {
  if (sector.length < MBR_BYTES || sector[510] !== 0x55 || sector[511] !== 0xaa) return undefined;
  const entries = Array.from({ length: ENTRY_COUNT }, (_, index) => {
    const start = ENTRIES_OFFSET + index * ENTRY_BYTES;
    return sector.subarray(start, start + ENTRY_BYTES);
  });
  if (!entries.every((entry) => entry[0] === 0 || entry[0] === 0x80)) return undefined;
  const types = entries.map((entry) => entry[4]!).filter((type) => type !== 0);
  if (types.length === 0) return undefined;
  return {
    id: hex(sector, [443, 442, 441, SIGNATURE_OFFSET]),
    protective: types.includes(GPT_PROTECTIVE),
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

/** Where a GPT's entries begin, in sectors, and how large each is: fixed by all who write one. */
const GPT_ENTRIES_SECTOR = 2;
const GPT_ENTRY_BYTES = 128;

/**
 * Where partitions begin, bytes from the start of the disk, in the order of the table; logical ones are left out.
 * @param head the first bytes of the disk. @param sectorSize what the table counts in.
 */
export function partitionStarts(head: Uint8Array, sectorSize: number): number[] {
  const mbr = parseMbr(head);
  if (mbr === undefined) return [];
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  if (mbr.protective) return gptStarts(head, view, sectorSize);
  return Array.from({ length: ENTRY_COUNT }, (_, index) => ENTRIES_OFFSET + index * ENTRY_BYTES)
    .filter((at) => head[at + 4] !== 0)
    .map((at) => view.getUint32(at + 8, true) * sectorSize);
}

function gptStarts(head: Uint8Array, view: DataView, sectorSize: number): number[] {
  const size = [sectorSize, 512, 4096].find((each) => parseGpt(head.subarray(each)) !== undefined);
  if (size === undefined) return [];
  const starts: number[] = [];
  const first = GPT_ENTRIES_SECTOR * size;
  for (let at = first; at + GPT_ENTRY_BYTES <= head.length; at += GPT_ENTRY_BYTES) {
    const type = head.subarray(at, at + 16);
    if (type.every((byte) => byte === 0)) break;
    starts.push(Number(view.getBigUint64(at + 32, true)) * size);
  }
  return starts;
}

function hex(bytes: Uint8Array, indexes: number[]): string {
  return indexes.map((index) => bytes[index]!.toString(16).padStart(2, "0")).join("");
}
