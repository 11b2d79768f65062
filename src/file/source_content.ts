// What `blkcache detect` reads of one source.
import type { SourceClass } from "./detect.ts";
import { discLayout } from "./disc_layout.ts";
import { File, type TryPread } from "./file.ts";
import { identify, type Identity } from "./identity.ts";
import { Removable } from "./removable.ts";
import { readToc } from "./toc.ts";

/** What stands on a source. Plain data. */
export interface SourceContent {
  readonly identity: Identity;
  /** What is odd about a disc, whole sentences. */
  readonly remarks: readonly string[];
}

/**
 * Reads the first 64 KiB and little more. Blocks as the device likes.
 * @param tryPread makes the reads of a device; default: pread(2).
 * @throws {UserError} when it cannot be opened.
 */
export function sourceContent(
  path: string,
  kind: SourceClass,
  tryPread?: TryPread,
): SourceContent {
  using file = kind.open(path, { direct: kind !== File, tryPread });
  const identity = identify(file);
  return { identity, remarks: remarksOn(file, identity) };
}

function remarksOn(file: File, { size, sectorSize, volume }: Identity): readonly string[] {
  if (!(file instanceof Removable && file.optical)) return [];
  return discLayout(size, sectorSize, volume, readToc(file.fd)).remarks;
}
