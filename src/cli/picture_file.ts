// Writes a picture where the user wants it, and never over anything that is not one: a slip on the command
// line must not cost an image.

import { UserError } from "../base/errors.ts";
import { printable } from "../base/printable.ts";
import { AtomicFile } from "../file/atomic_file.ts";
import { isRegular, statPathIfThere } from "../file/path_stat.ts";
import { closeFd, openFile, pread } from "../sys/fd.ts";
import { O_RDONLY } from "../sys/open_flags.ts";

/** Enough to tell what a file is. */
const HEAD_BYTES = 256;

/**
 * Creates or replaces the picture at `path`.
 * @param isPicture whether a file that begins like this is such a picture.
 * @throws {UserError} when something else is there, or it cannot be written.
 */
export async function writePicture(
  path: string,
  content: string | Uint8Array,
  isPicture: (head: Uint8Array) => boolean,
): Promise<void> {
  const stat = statPathIfThere(path);
  if (stat !== undefined && !(isRegular(stat) && (stat.size === 0 || isPicture(headOf(path))))) {
    throw new UserError(`"${printable(path)}" exists and is no such picture: it is left alone`, {
      hints: ["name a file that does not exist yet"],
    });
  }
  await new AtomicFile(path).replace(content);
}

function headOf(path: string): Uint8Array {
  const fd = openFile(path, O_RDONLY);
  try {
    const bytes = new Uint8Array(HEAD_BYTES);
    return bytes.subarray(0, pread(fd, bytes, 0));
  } finally {
    closeFd(fd);
  }
}
