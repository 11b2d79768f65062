// What HFS+ has allocated, by its allocation file. Layout: Apple's Technical Note TN1150.
import { printable } from "../base/printable.ts";
import { setRuns } from "./bitmap.ts";
import { expect, type FileSystemUse, isPowerOf2, UseBuilder } from "./file_system_use.ts";
import type { PartReader } from "./part_reader.ts";

const HEADER_OFFSET = 1024;
const HEADER_BYTES = 512;
const SIGNATURES: readonly number[] = [0x482b, 0x4858];
// Attributes of the volume.
const UNMOUNTED = 1 << 8;
const INCONSISTENT = 1 << 11;
/** Where the forks of the special files stand in the header, and how many extents of each. */
const ALLOCATION_FORK = 112;
const CATALOG_FORK = 272;
const FORKS: readonly number[] = [ALLOCATION_FORK, 192, CATALOG_FORK, 352, 432];
const EXTENTS = 8;
const ROOT_PARENT = 1;

interface Geometry {
  /** Bytes. */
  readonly block: number;
  readonly blocks: number;
  readonly freeBlocks: number;
}

/** @throws {SickFileSystem} when neither the header nor its copy makes sense. */
export function hfsPlusUse(reader: PartReader): FileSystemUse {
  const { view, geometry } = readHeader(reader);
  const { block, blocks, freeBlocks } = geometry;
  const use = new UseBuilder();
  const size = blocks * block;
  use.structures.add(0, HEADER_OFFSET + HEADER_BYTES);
  use.structures.add(size - HEADER_OFFSET, size);
  // Extents beyond the first eight of a special file come with the data.
  for (const fork of FORKS) {
    for (const { start, end } of extents(view, fork, geometry)) use.structures.add(start, end);
  }
  takeBitmap(reader, extents(view, ALLOCATION_FORK, geometry), geometry, use);
  const attributes = view.getUint32(4);
  const isClean = (attributes & UNMOUNTED) !== 0 && (attributes & INCONSISTENT) === 0;
  return use.finish({
    size,
    label: labelIn(reader, extents(view, CATALOG_FORK, geometry)),
    counted: (blocks - freeBlocks) * block,
    doubt: isClean ? undefined : "it was not unmounted",
  });
}

/** Whether the copy of the header at the end is one. */
export function hasHfsPlusCopy(reader: PartReader): boolean {
  const view = reader.view(reader.size - HEADER_OFFSET, HEADER_BYTES);
  return view !== undefined && parseHeader(view, reader.size) !== undefined;
}

function readHeader(reader: PartReader): { view: DataView; geometry: Geometry } {
  for (const offset of [HEADER_OFFSET, reader.size - HEADER_OFFSET]) {
    const view = reader.view(offset, HEADER_BYTES);
    const geometry = view && parseHeader(view, reader.size);
    if (view !== undefined && geometry !== undefined) return { view, geometry };
  }
  expect(false, "header makes no sense");
}

function parseHeader(view: DataView, size: number): Geometry | undefined {
  if (!SIGNATURES.includes(view.getUint16(0))) return undefined;
  const geometry = {
    block: view.getUint32(40),
    blocks: view.getUint32(44),
    freeBlocks: view.getUint32(48),
  };
  const { block, blocks, freeBlocks } = geometry;
  const isGood = isPowerOf2(block, 512, 2 ** 20) && blocks > 0 && blocks * block <= size &&
    freeBlocks <= blocks && blocks * block > 2 * HEADER_OFFSET;
  return isGood ? geometry : undefined;
}

/** The first extents of a special file, bytes. */
function extents(
  view: DataView,
  fork: number,
  { block, blocks }: Geometry,
): { start: number; end: number }[] {
  const found: { start: number; end: number }[] = [];
  for (let index = 0; index < EXTENTS; index++) {
    const first = view.getUint32(fork + 16 + index * 8);
    const count = view.getUint32(fork + 20 + index * 8);
    if (count === 0 || first + count > blocks) break;
    found.push({ start: first * block, end: (first + count) * block });
  }
  return found;
}

function takeBitmap(
  reader: PartReader,
  places: readonly { start: number; end: number }[],
  { block, blocks }: Geometry,
  use: UseBuilder,
): void {
  let done = 0;
  const needed = Math.ceil(blocks / 8);
  for (const { start, end } of places) {
    for (const piece of reader.pieces(start, Math.min(end - start, needed - done))) {
      const first = done * 8;
      const count = Math.min(piece.length * 8, blocks - first);
      done += piece.length;
      if (piece.bytes === undefined) {
        use.addUnknown(first * block, (first + count) * block);
        continue;
      }
      setRuns(piece.bytes, count, "high first", (from, to) => {
        use.data.add((first + from) * block, (first + to) * block);
      });
    }
  }
  if (done < needed) use.addUnknown(done * 8 * block, blocks * block);
}

/** The name of the root folder: the first record of the catalog, which is a tree of nodes. */
function labelIn(
  reader: PartReader,
  catalog: readonly { start: number; end: number }[],
): string | null {
  const [first] = catalog;
  const header = first && reader.view(first.start, HEADER_BYTES);
  if (first === undefined || header === undefined) return null;
  const node = header.getUint16(32);
  const offset = first.start + header.getUint32(24) * node;
  if (!isPowerOf2(node, 512, 32_768) || offset + node > first.end) return null;
  const leaf = reader.bytes(offset, node);
  if (leaf === undefined) return null;
  const view = new DataView(leaf.buffer, leaf.byteOffset, leaf.length);
  // Behind the descriptor of the node: length of the key, parent, length of the name, name.
  const NAME = 14 + 8;
  const length = view.getUint16(NAME - 2) * 2;
  if (view.getUint32(14 + 2) !== ROOT_PARENT || length > 510 || NAME + length > node) return null;
  const name = new TextDecoder("utf-16be").decode(leaf.subarray(NAME, NAME + length));
  return printable(name).trim() || null;
}
