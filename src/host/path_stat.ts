// The kind of file that a path names, found without opening the file itself: O_PATH asks no driver, so that no tray is
// pulled in, no disc spins up and no FIFO blocks. Deno's own stat refuses everything under /dev.
import { ENOENT, ENOTDIR } from "../sys/errno.ts";
import { closeFd, type FileIdentity, identityOf, openFile } from "../sys/fd.ts";
import { O_PATH } from "../sys/open_flags.ts";
import { S_IFBLK, S_IFDIR, S_IFLNK, S_IFMT, S_IFREG } from "../sys/statx.ts";
import { SystemError } from "../sys/system_error.ts";

/**
 * stat(2) of a path, symbolic links followed.
 * @throws {SystemError} ENOENT, ENOTDIR, EACCES, ELOOP, ENAMETOOLONG.
 */
export function statPath(path: string): FileIdentity {
  return withPath(path, identityOf);
}

/** As `statPath`; undefined when nothing has that name. */
export function statPathIfThere(path: string): FileIdentity | undefined {
  try {
    return statPath(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Calls `use` with a descriptor that names the path but cannot read it. */
export function withPath<T>(path: string, use: (fd: number) => T): T {
  const fd = openFile(path, O_PATH);
  try {
    return use(fd);
  } finally {
    closeFd(fd);
  }
}

/** True when a call failed because nothing has that name. */
export function isMissing(error: unknown): boolean {
  return error instanceof SystemError && (error.errno === ENOENT || error.errno === ENOTDIR);
}

/** True for a regular file. */
export function isRegular(stat: FileIdentity): boolean {
  return (stat.mode & S_IFMT) === S_IFREG;
}

/** True for a block device; `rdev` says which. */
export function isBlockDevice(stat: FileIdentity): boolean {
  return (stat.mode & S_IFMT) === S_IFBLK;
}

/** True for a directory. */
export function isDirectory(stat: FileIdentity): boolean {
  return (stat.mode & S_IFMT) === S_IFDIR;
}

/** True for a symbolic link. */
export function isLink(stat: FileIdentity): boolean {
  return (stat.mode & S_IFMT) === S_IFLNK;
}
