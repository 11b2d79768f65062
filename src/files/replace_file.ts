// Replaces a whole file so that no instant shows half of it, on a thread that may block. See replacement.ts.
import { UserError } from "../base/errors.ts";
import { EPERM } from "../sys/errno.ts";
import { SystemError } from "../sys/system_error.ts";
import { type Disk, type DiskCalls, makeHere } from "./disk.ts";
import { findEntry } from "./entry.ts";
import { replacement } from "./replacement.ts";

/**
 * Replaces the content of `path`; when it returns, the new one has reached the disk. One thread at a time.
 * @param mode permission bits when there is nothing to replace, less the umask.
 * @throws {SystemError} when a call fails, as `replacement`: before the rename the file is as it was.
 */
export function replaceFile(
  path: string,
  content: Uint8Array<ArrayBuffer>,
  mode: number,
  disk?: Disk,
): void {
  makeHere(replacementOf(path, content, mode), disk);
}

/** As `replaceFile`, as calls. */
export function* replacementOf(
  path: string,
  content: Uint8Array<ArrayBuffer>,
  mode: number,
): DiskCalls<void> {
  try {
    using entry = findEntry(path, { followLink: true });
    entry.look();
    yield* replacement(entry, content, { mode, backup: false });
  } catch (error) {
    // The place was fine at the start, and is no longer trusted.
    if (error instanceof UserError) {
      throw new SystemError(EPERM, "renameat", { path, cause: error });
    }
    throw error;
  }
}
