// What `blkcache detect` reads of one source.
import type { SourceClass } from "../device/detect.ts";
import { discLayout } from "./disc_layout.ts";
import { File, type TryPread } from "../device/file.ts";
import { identify, identifyUnread, type Identity, readerOf, withBudget } from "./identity.ts";
import { Removable } from "../device/removable.ts";
import { readToc } from "./toc.ts";

/** What stands on a source. Plain data. */
export interface SourceContent {
  readonly identity: Identity;
  /** What is odd about a disc, whole sentences. */
  readonly remarks: readonly string[];
}

/** Whether bytes of a device may be read: false for what an earlier run has found to be bad. */
export type IsReadable = (offset: number, length: number) => boolean;

/**
 * Reads the first 64 KiB and little more, and nothing once a read has failed. Blocks as the device likes.
 * @param readableOf told what the device says without being read.
 * @param tryPread makes the reads of a device; default: pread(2).
 * @throws {UserError} when it cannot be opened.
 */
export function sourceContent(
  path: string,
  kind: SourceClass,
  readableOf: (now: Identity) => IsReadable,
  tryPread?: TryPread,
): SourceContent {
  using file = kind.open(path, { direct: kind !== File, tryPread });
  const isReadable = readableOf(identifyUnread(file));
  const read = withBudget(readerOf(file));
  const identity = identify(file, {
    read: (offset, length) => isReadable(offset, length) ? read(offset, length) : undefined,
  });
  return { identity, remarks: remarksOn(file, identity) };
}

function remarksOn(file: File, { size, sectorSize, volume }: Identity): readonly string[] {
  if (!(file instanceof Removable && file.optical)) return [];
  return discLayout(size, sectorSize, volume, readToc(file.fd)).remarks;
}
