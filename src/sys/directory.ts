// Calls on a name in a directory that is held open: they act in that directory even if somebody renames the names
// above it. No call follows a symbolic link at the name. All of them block the calling thread.
import { cString, nameOf } from "./c_string.ts";
import { libc } from "./libc.ts";
import { O_CLOEXEC, O_NOFOLLOW } from "./open_flags.ts";
import { retried, unwrap } from "./system_error.ts";

/** In place of a descriptor: the current directory (linux/fcntl.h). */
export const AT_FDCWD = -100;

/** Longest target of a symbolic link, bytes (linux/limits.h). */
const PATH_MAX = 4096;

/**
 * Opens a name in a directory; O_CLOEXEC and O_NOFOLLOW are added.
 * @param path what to call it in an error.
 * @throws {SystemError} e.g. ENOENT; ELOOP for a symbolic link, unless O_PATH asks for the link itself.
 */
export function openAt(
  directory: number,
  name: string,
  flags: number,
  path: string,
  mode = 0,
): number {
  const text = cString(name);
  const all = flags | O_CLOEXEC | O_NOFOLLOW;
  return unwrap(retried(() => libc.openat(directory, text, all, mode)), "open", { path });
}

/** Removes a name that is no directory's. @throws {SystemError} ENOENT, EISDIR, EPERM, EROFS. */
export function unlinkAt(directory: number, name: string, path: string): void {
  const text = cString(name);
  unwrap(retried(() => libc.unlinkat(directory, text, 0)), "unlinkat", { path });
}

/** Makes a directory. @throws {SystemError} EEXIST, EACCES, EROFS. */
export function makeDirectoryAt(directory: number, name: string, mode: number, path: string): void {
  const text = cString(name);
  unwrap(retried(() => libc.mkdirat(directory, text, mode)), "mkdirat", { path });
}

/** The target of a symbolic link. @param link a descriptor of the link itself (O_PATH). */
export function readLink(link: number, path: string): string {
  const text = cString("");
  const buffer = new Uint8Array(PATH_MAX);
  const length = retried(() => libc.readlinkat(link, text, buffer, BigInt(buffer.length)));
  return nameOf(buffer.subarray(0, unwrap(length, "readlinkat", { path })));
}
