// Walks through the btrees of an allocation group of XFS, whose blocks are named by 32-bit numbers.

/** What tells such a tree from others. Bytes. */
export interface BtreeKind {
  /** Without checksums and with them. */
  readonly magics: readonly [string, string];
  readonly keyBytes: number;
  readonly recordBytes: number;
}

export interface Btree {
  readonly root: number;
  /** Levels, 1 for a single leaf. */
  readonly level: number;
  readonly hasChecksums: boolean;
  readonly kind: BtreeKind;
}

/** The kernel's limit. */
const MAX_LEVELS = 9;
const POINTER_BYTES = 4;

/**
 * Tells each record, from left to right. No tree makes it read a block twice.
 * @param read a block of the group; undefined when it cannot be read.
 * @param note told of each block of the tree.
 * @param take told of a leaf and the offset of a record in it.
 * @returns false when some of the tree could not be read or made no sense.
 */
export function walkXfsBtree(
  { root, level, hasChecksums, kind }: Btree,
  read: (block: number) => DataView | undefined,
  note: (block: number) => void,
  take: (view: DataView, at: number) => void,
): boolean {
  if (level < 1 || level > MAX_LEVELS) return false;
  const magic = kind.magics[hasChecksums ? 1 : 0];
  const header = hasChecksums ? 56 : 16;
  const seen = new Set<number>();
  let isWhole = true;
  const visit = (block: number, height: number) => {
    const view = seen.has(block) ? undefined : read(block);
    seen.add(block);
    const isGood = view !== undefined && view.getUint16(4) === height &&
      [...magic].every((letter, at) => view.getUint8(at) === letter.charCodeAt(0));
    if (!isGood) {
      isWhole = false;
      return;
    }
    note(block);
    const entryBytes = height === 0 ? kind.recordBytes : kind.keyBytes + POINTER_BYTES;
    const most = Math.floor((view.byteLength - header) / entryBytes);
    const count = view.getUint16(6);
    if (count > most) {
      isWhole = false;
      return;
    }
    for (let index = 0; index < count; index++) {
      if (height === 0) take(view, header + index * kind.recordBytes);
      else visit(view.getUint32(header + most * kind.keyBytes + index * POINTER_BYTES), height - 1);
    }
  };
  visit(root, level - 1);
  return isWhole;
}
