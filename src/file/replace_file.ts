// Replaces a whole file so that no instant shows half of it, on a thread that may block: what AtomicFile does
// for main. Temporary file beside the target, fsync, rename, fsync of the directory.
import { dirname } from "@std/path";
import { EINVAL, EIO } from "../sys/errno.ts";
import { closeFd, openFile, pwrite, syncFd } from "../sys/fd.ts";
import { O_CREAT, O_DIRECTORY, O_EXCL, O_RDONLY, O_WRONLY } from "../sys/open_flags.ts";
import { SystemError } from "../sys/system_error.ts";

/**
 * Replaces the content of `path`; when it returns, the new one has reached the disk. One thread at a time.
 * @throws {SystemError} when it cannot be done: the file is as it was.
 */
export function replaceFile(path: string, content: Uint8Array<ArrayBuffer>): void {
  const temporary = `${path}.tmp`;
  try {
    removeIfThere(temporary);
    // O_EXCL: a link that somebody has laid there is never followed.
    const fd = openFile(temporary, O_WRONLY | O_CREAT | O_EXCL, 0o644);
    try {
      pwrite(fd, content, 0);
      syncFd(fd);
    } finally {
      closeFd(fd);
    }
    Deno.renameSync(temporary, path);
    syncDirectory(dirname(path));
  } catch (error) {
    removeIfThere(temporary);
    if (error instanceof SystemError) {
      throw new SystemError(error.errno, error.syscall, { path, cause: error });
    }
    // Of Deno's own calls, which do not tell the number.
    throw new SystemError(EIO, "rename", { path, cause: error });
  }
}

/** Makes the rename itself durable. Some file systems (FUSE, CIFS) refuse it with EINVAL. */
export function syncDirectory(path: string): void {
  const fd = openFile(path, O_RDONLY | O_DIRECTORY);
  try {
    syncFd(fd);
  } catch (error) {
    if (!(error instanceof SystemError && error.errno === EINVAL)) throw error;
  } finally {
    closeFd(fd);
  }
}

function removeIfThere(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
