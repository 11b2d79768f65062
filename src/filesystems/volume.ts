// What the content of a medium says of itself: label, dates, partition table. Reads through a function, so
// that the bytes may come from a device, an image or a test.
import { DESCRIPTOR_BYTES, DESCRIPTORS_OFFSET, parseIso9660 } from "./iso9660.ts";
import { parseGpt, parseMbr } from "./partition_table.ts";
import {
  ANCHOR_BLOCK,
  MAX_SEQUENCE_BLOCKS,
  namesUdf,
  parseUdfAnchor,
  parseUdfVolume,
} from "./udf.ts";

/** Facts about a volume; null where it does not tell. Texts are printable, dates ISO 8601. */
export interface Volume {
  kind: "iso9660" | "udf" | "gpt" | "mbr";
  label: string | null;
  created: string | null;
  modified: string | null;
  /** Number of the partition table, or name of the volume set. */
  id: string | null;
  /** Bytes that the file system fills; a disc written in one go (TAO) is larger by unreadable sectors. */
  size: number | null;
}

/** Reads up to `length` bytes at `offset`; fewer at the end; undefined when they cannot be read. */
export type ReadBytes = (offset: number, length: number) => Uint8Array | undefined;

// Up to here lie the partition tables (4096-byte sectors: two of them).
const TABLE_BYTES = 8192;
// ISO 9660 and UDF descriptors end where the fingerprint does.
const RECOGNITION_BYTES = 32_768;

/**
 * Finds out what is on a medium, with at most six small reads; most see only its first 64 KiB.
 * @returns null when nothing is recognized.
 */
export function readVolume(read: ReadBytes, sectorSize: number): Volume | null {
  const table = readTable(read, sectorSize);
  const recognition = read(DESCRIPTORS_OFFSET, RECOGNITION_BYTES) ??
    read(DESCRIPTORS_OFFSET, DESCRIPTOR_BYTES);
  const fileSystem = recognition &&
    (parseIso9660(recognition) ??
      (namesUdf(recognition) ? readUdf(read, sectorSize) : undefined));
  // A disc that also boots from a stick has both: the names of the one, the number of the other.
  if (fileSystem) return { ...fileSystem, id: fileSystem.id ?? table?.id ?? null };
  return table ?? null;
}

function readTable(read: ReadBytes, sectorSize: number): Volume | undefined {
  const start = read(0, TABLE_BYTES) ?? read(0, sectorSize);
  const mbr = start && parseMbr(start);
  if (!mbr) return undefined;
  const nothing = { label: null, created: null, modified: null, size: null };
  if (mbr.protective) {
    // An image of a disk with other sectors keeps its table where it was.
    const guid = [sectorSize, 512, 4096].map((size) => parseGpt(start.subarray(size)))
      .find((id) => id !== undefined);
    if (guid) return { kind: "gpt", id: guid, ...nothing };
  }
  return { kind: "mbr", id: mbr.id, ...nothing };
}

function readUdf(read: ReadBytes, sectorSize: number): Volume | undefined {
  for (const blockSize of new Set([sectorSize, 2048])) {
    const anchor = read(ANCHOR_BLOCK * blockSize, blockSize);
    const found = anchor && parseUdfAnchor(anchor);
    if (!found) continue;
    const count = Math.min(found.countBlocks, MAX_SEQUENCE_BLOCKS);
    const sequence = read(found.startBlock * blockSize, count * blockSize);
    const volume = sequence && parseUdfVolume(sequence, blockSize);
    if (!volume) return undefined;
    // Without its partition nothing is known of where it ends; its descriptors may lie behind it.
    const size = volume.size && Math.max(volume.size, found.endBlock * blockSize);
    return { ...volume, size };
  }
  return undefined;
}
