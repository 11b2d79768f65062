// What btrfs has allocated, by its chunk and extent trees. Layout: the btrfs wiki's On-disk Format, and the kernel's
// header for programs (linux/btrfs_tree.h).
import { printable } from "../base/printable.ts";
import { BtrfsChunks } from "./btrfs_chunks.ts";
import { type BtrfsItem, BtrfsTrees } from "./btrfs_tree.ts";
import { expect, type FileSystemUse, isPowerOf2, UseBuilder } from "./file_system_use.ts";
import type { PartReader } from "./part_reader.ts";

/** The superblock and its mirrors. */
const MIRRORS: readonly number[] = [2 ** 16, 2 ** 26, 2 ** 38];
const SUPERBLOCK_BYTES = 4096;
// Types of items and numbers of trees.
const ROOT_ITEM = 132;
const EXTENT_ITEM = 168;
const METADATA_ITEM = 169;
const CHUNK_ITEM = 228;
const EXTENT_TREE = 2;
const TREE_BLOCK = 2;
/** What may be set: mixed groups, compression, large nodes, RAID5, short extents, holes, another UUID. */
const KNOWN_INCOMPAT = 0x7ffn;

/** @throws {SickFileSystem} when superblock or trees make no sense, or when it spans several devices. */
export function btrfsUse(reader: PartReader): FileSystemUse {
  const view = readSuperblock(reader);
  const size = Number(view.getBigUint64(0x70, true));
  const node = view.getUint32(0x94, true);
  expect(view.getBigUint64(0x88, true) === 1n, "files span several devices");
  expect((view.getBigUint64(0xbc, true) & ~KNOWN_INCOMPAT) === 0n, "format is newer than known");
  const chunks = new BtrfsChunks(view, reader.size);
  const trees = new BtrfsTrees(reader, chunks, node);
  const number = (at: number) => Number(view.getBigUint64(at, true));
  const use = new UseBuilder();
  for (const at of MIRRORS) {
    if (at + SUPERBLOCK_BYTES <= size) use.structures.add(at, at + SUPERBLOCK_BYTES);
  }
  const chunkRoot = { block: number(0x58), level: view.getUint8(0xc7) };
  const isWhole = trees.walk(chunkRoot, (item) => {
    if (item.type === CHUNK_ITEM) chunks.add(item.offset, item.view);
  }, () => {});
  expect(isWhole, "chunk tree cannot be read");
  let extentRoot: { block: number; level: number } | undefined;
  trees.walk({ block: number(0x50), level: view.getUint8(0xc6) }, (item) => {
    if (item.type !== ROOT_ITEM || item.objectId !== EXTENT_TREE) return;
    if (item.view.byteLength < 239) return;
    const block = Number(item.view.getBigUint64(176, true));
    extentRoot = { block, level: item.view.getUint8(238) };
  }, () => {});
  expect(extentRoot !== undefined, "extent tree cannot be found");
  const lost = (start: number, end: number) =>
    chunks.places(start, end - start, (from, to) => use.addUnknown(from, to));
  trees.walk(extentRoot, (item) => takeExtent(item, node, chunks, use), lost);
  const label = new Uint8Array(view.buffer, view.byteOffset + 0x12b, 256);
  return use.finish({
    size,
    label: printable(new TextDecoder().decode(label).split("\0")[0]!).trim() || null,
    counted: number(0x78),
  });
}

/** Whether a mirror of the superblock is there. */
export function hasBtrfsCopy(reader: PartReader): boolean {
  return parseSuperblock(reader, MIRRORS[1]!) !== undefined;
}

function readSuperblock(reader: PartReader): DataView {
  for (const offset of MIRRORS) {
    const view = parseSuperblock(reader, offset);
    if (view !== undefined) return view;
  }
  expect(false, "superblock makes no sense");
}

function parseSuperblock(reader: PartReader, offset: number): DataView | undefined {
  const view = reader.view(offset, SUPERBLOCK_BYTES);
  if (view === undefined || view.getBigUint64(0x40, true) !== 0x4d5f53665248425fn) return undefined;
  const sector = view.getUint32(0x90, true);
  const size = Number(view.getBigUint64(0x70, true));
  const isGood = isPowerOf2(sector, 512, 65_536) && size > 0 && size <= reader.size &&
    isPowerOf2(view.getUint32(0x94, true), 4096, 65_536) &&
    Number(view.getBigUint64(0x30, true)) === offset;
  return isGood ? view : undefined;
}

function takeExtent(item: BtrfsItem, node: number, chunks: BtrfsChunks, use: UseBuilder): void {
  const { type, objectId, offset, view } = item;
  if (type !== EXTENT_ITEM && type !== METADATA_ITEM) return;
  const flags = view.byteLength >= 24 ? Number(view.getBigUint64(16, true) & 3n) : 0;
  const isTree = type === METADATA_ITEM || (flags & TREE_BLOCK) !== 0;
  const length = type === METADATA_ITEM ? node : offset;
  const list = isTree ? use.structures : use.data;
  chunks.places(objectId, length, (start, end) => list.add(start, end));
}
