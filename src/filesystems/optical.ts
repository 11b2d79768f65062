// What of a disc is used: what its volume says that it fills. ISO 9660 (ECMA-119) and UDF (ECMA-167). Discs that were
// written in one go end in sectors that cannot be read and hold nothing; these come last.
import { expect, type FileSystemUse, UseBuilder } from "./file_system_use.ts";
import { DESCRIPTOR_BYTES, DESCRIPTORS_OFFSET, parseIso9660 } from "./iso9660.ts";
import { MAX_PIECE_BYTES, type PartReader } from "./part_reader.ts";
import { ANCHOR_BLOCK, MAX_SEQUENCE_BLOCKS, namesUdf } from "./udf.ts";
import { readVolume } from "./volume.ts";

const SECTOR = 2048;
/** Sizes of a block that UDF has: of discs, of disks. */
const UDF_BLOCKS: readonly number[] = [2048, 512, 4096];
/** Anchor, and the main sequence of descriptors behind it. */
const UDF_HEAD_BLOCKS = ANCHOR_BLOCK + 1 + MAX_SEQUENCE_BLOCKS;

/** @param head from the start of the disc. */
export function opticalKind(head: Uint8Array): "ISO 9660" | "UDF" | undefined {
  const descriptors = head.subarray(DESCRIPTORS_OFFSET);
  // A disc with both is whole under either name.
  if (parseIso9660(descriptors) !== undefined) return "ISO 9660";
  return namesUdf(descriptors) ? "UDF" : undefined;
}

/** @throws {SickFileSystem} when the volume does not say how large it is. */
export function opticalUse(reader: PartReader): FileSystemUse {
  const read = (offset: number, length: number) =>
    reader.bytes(offset, Math.min(length, reader.size - offset));
  const volume = UDF_BLOCKS.map((block) => readVolume(read, block))
    .find((each) => each !== null && each.size !== null);
  expect(volume !== undefined && volume !== null && volume.size !== null, "size is not given");
  const size = Math.min(volume.size, reader.size);
  const use = new UseBuilder();
  use.structures.add(0, Math.min(UDF_HEAD_BLOCKS * SECTOR, size));
  use.data.add(0, size);
  if (volume.kind === "iso9660") takeDirectories(reader, use, size);
  return use.finish({ size, label: volume.label });
}

/** The path table names the first sector of each directory; most writers put them side by side. */
function takeDirectories(reader: PartReader, use: UseBuilder, size: number): void {
  const primary = reader.view(DESCRIPTORS_OFFSET, DESCRIPTOR_BYTES);
  if (primary === undefined) return;
  const block = primary.getUint16(128, true);
  const length = Math.min(primary.getUint32(132, true), MAX_PIECE_BYTES);
  const start = primary.getUint32(140, true) * block;
  const table = length > 0 ? reader.view(start, length) : undefined;
  if (table === undefined) return;
  const add = (from: number, bytes: number) => {
    if (from < size) use.structures.add(from, Math.min(from + bytes, size));
  };
  add(start, length);
  for (let at = 0; at + 8 <= length;) {
    const nameLength = table.getUint8(at);
    if (nameLength === 0) return;
    add(table.getUint32(at + 2, true) * block, SECTOR);
    at += 8 + nameLength + nameLength % 2;
  }
}
