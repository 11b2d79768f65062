// Walks through the trees of a btrfs. A node is only followed where its parent says which one it is: by address and
// level, so that no tree leads in a circle.
import type { BtrfsChunks } from "./btrfs_chunks.ts";
import type { PartReader } from "./part_reader.ts";

const HEADER_BYTES = 101;
const ITEM_BYTES = 25;
const KEY_BYTES = 17;
const POINTER_BYTES = 33;
/** The kernel's limit. */
const MAX_LEVEL = 7;

/** An item of a leaf: its key, and its data. */
export interface BtrfsItem {
  readonly objectId: number;
  readonly type: number;
  readonly offset: number;
  readonly view: DataView;
}

interface Node {
  readonly block: number;
  readonly level: number;
}

export class BtrfsTrees {
  readonly #reader: PartReader;
  readonly #chunks: BtrfsChunks;
  readonly #node: number;

  /** @param node size of a node, bytes. */
  constructor(reader: PartReader, chunks: BtrfsChunks, node: number) {
    this.#reader = reader;
    this.#chunks = chunks;
    this.#node = node;
  }

  /**
   * Tells each item, from left to right.
   * @param lose told of the object ids [start, end) of a part that cannot be read.
   * @returns false when there was one.
   */
  walk(
    root: Node,
    take: (item: BtrfsItem) => void,
    lose: (start: number, end: number) => void,
  ): boolean {
    let isWhole = true;
    const visit = ({ block, level }: Node, start: number, end: number) => {
      const view = level <= MAX_LEVEL ? this.#read(block, level) : undefined;
      if (view === undefined) {
        isWhole = false;
        return lose(start, end);
      }
      const count = view.getUint32(96, true);
      if (level === 0) return this.#takeItems(view, count, take);
      for (let index = 0; index < count; index++) {
        const at = HEADER_BYTES + index * POINTER_BYTES;
        const first = Number(view.getBigUint64(at, true));
        const next = index + 1 < count ? Number(view.getBigUint64(at + POINTER_BYTES, true)) : end;
        const child = Number(view.getBigUint64(at + KEY_BYTES, true));
        visit({ block: child, level: level - 1 }, first, Math.max(first, next));
      }
    };
    visit(root, 0, Number.MAX_SAFE_INTEGER);
    return isWhole;
  }

  /** From the first copy that makes sense. */
  #read(block: number, level: number): DataView | undefined {
    let found: DataView | undefined;
    this.#chunks.places(block, this.#node, (start, end) => {
      if (found !== undefined || end - start !== this.#node) return;
      const view = this.#reader.view(start, this.#node);
      if (view === undefined || Number(view.getBigUint64(48, true)) !== block) return;
      const entryBytes = level === 0 ? ITEM_BYTES : POINTER_BYTES;
      const most = Math.floor((this.#node - HEADER_BYTES) / entryBytes);
      if (view.getUint8(100) === level && view.getUint32(96, true) <= most) found = view;
    });
    return found;
  }

  #takeItems(view: DataView, count: number, take: (item: BtrfsItem) => void): void {
    for (let index = 0; index < count; index++) {
      const at = HEADER_BYTES + index * ITEM_BYTES;
      const start = HEADER_BYTES + view.getUint32(at + 17, true);
      const length = view.getUint32(at + 21, true);
      if (start + length > view.byteLength) continue;
      take({
        objectId: Number(view.getBigUint64(at, true)),
        type: view.getUint8(at + 8),
        offset: Number(view.getBigUint64(at + 9, true)),
        view: new DataView(view.buffer, view.byteOffset + start, length),
      });
    }
  }
}
