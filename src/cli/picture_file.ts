// Writes a picture where the user wants it, and never over anything that is not one: a slip on the command
// line must not cost an image.

import { UserError } from "../base/errors.ts";
import { printable } from "../base/printable.ts";
import { AtomicFile } from "../files/atomic_file.ts";
import { findEntryIfFolder } from "../files/entry.ts";
import { closeFd, pread } from "../sys/fd.ts";

/** Enough to tell what a file is. */
const HEAD_BYTES = 256;

/**
 * Creates or replaces the picture at `path`.
 * @param isPicture whether a file that begins like this is such a picture.
 * @throws {UserError} when something else is there, or it cannot be written.
 */
export async function writePicture(
  path: string,
  content: string | Uint8Array<ArrayBuffer>,
  isPicture: (head: Uint8Array) => boolean,
): Promise<void> {
  if (!mayReplace(path, isPicture)) {
    throw new UserError(`"${printable(path)}" exists and is no such picture: it is left alone`, {
      hints: ["name a file that does not exist yet"],
    });
  }
  const file = new AtomicFile(path);
  await file.replace(content);
  await file.close();
}

function mayReplace(path: string, isPicture: (head: Uint8Array) => boolean): boolean {
  using entry = findEntryIfFolder(path, { followLink: true });
  const fd = entry?.open("picture");
  if (fd === undefined) return true;
  try {
    const bytes = new Uint8Array(HEAD_BYTES);
    const head = bytes.subarray(0, pread(fd, bytes, 0));
    return head.length === 0 || isPicture(head);
  } finally {
    closeFd(fd);
  }
}
