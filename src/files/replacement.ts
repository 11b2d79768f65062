// How a whole file is replaced so that no instant shows half of it: temporary file beside the target, fsync,
// rename, fsync of the directory. Described as calls (disk.ts), which a thread that may block makes itself
// (replace_file.ts), and main has made elsewhere (atomic_file.ts).
//
// The new file has the mode, owner and group of the one that it replaces, and never more rights than that while it
// is written. A file of another user that is in the way stays, and is an error.
import { cString } from "../sys/c_string.ts";
import { EACCES, EINVAL, EISDIR, ENOENT } from "../sys/errno.ts";
import type { DiskCall } from "../sys/disk_calls.ts";
import {
  O_CLOEXEC,
  O_CREAT,
  O_DIRECTORY,
  O_EXCL,
  O_NOFOLLOW,
  O_NONBLOCK,
  O_RDONLY,
  O_WRONLY,
} from "../sys/open_flags.ts";
import {
  AT_EMPTY_PATH,
  AT_SYMLINK_NOFOLLOW,
  type FileIdentity,
  identityIn,
  STATX_BASIC_STATS,
  statxBuffer,
} from "../sys/statx.ts";
import { SystemError, unwrap } from "../sys/system_error.ts";
import type { DiskCalls } from "./disk.ts";
import type { Entry } from "./entry.ts";
import { isOurs } from "./folder.ts";
import { isDirectory, isRegular } from "../host/path_stat.ts";

/** The mode of a new file, and whether the previous content is kept. */
export interface ReplacementOptions {
  /** Permission bits when there is nothing to replace, less the umask. */
  readonly mode: number;
  /** Keep the previous content as `.bak`. */
  readonly backup: boolean;
}

/** Written at a time, bytes: a signal or a slow disk interrupts no more. */
const WRITE_BYTES = 1 << 24;

/** In place of a user id: it stays as it is (chown(2)). */
const UNCHANGED = 0xffffffff;

const TEMPORARY = ".tmp";
const BACKUP = ".bak";
const BACKUP_TEMPORARY = ".bak.tmp";

/**
 * Replaces the content of `entry`. At every instant the target or, on file systems without hard links, its `.bak`
 * is whole.
 * @throws {SystemError} when a call fails. Before the rename the target is as it was, and no half-written file stays.
 *   After it the target has the new content, which a power cut may still undo (the folder was not synced).
 */
export function* replacement(
  entry: Entry,
  bytes: Uint8Array<ArrayBuffer>,
  { mode, backup }: ReplacementOptions,
): DiskCalls<void> {
  yield* removeOurs(entry, TEMPORARY);
  const previous = yield* look(entry, "");
  checkReplaceable(entry, "", previous);
  const backedUp = backup ? yield* look(entry, BACKUP) : undefined;
  checkReplaceable(entry, BACKUP, backedUp);
  try {
    yield* writeNew(entry, bytes, mode, previous);
    const moved = backup && previous !== undefined && (yield* keepPrevious(entry));
    const renamed = yield renameCall(entry, TEMPORARY, "");
    if (renamed < 0 && moved) yield renameCall(entry, BACKUP, "");
    unwrap(renamed, "renameat", { path: entry.path });
  } catch (error) {
    yield ["unlinkat", entry.folder.fd, nameOf(entry, TEMPORARY), 0];
    throw error;
  }
  if (backedUp !== undefined && isRegular(backedUp) && backedUp.mode !== previous?.mode) {
    yield* setMode(entry, BACKUP, backedUp.mode & 0o777);
  }
  yield* syncFolder(entry);
}

function* writeNew(
  entry: Entry,
  bytes: Uint8Array<ArrayBuffer>,
  mode: number,
  previous: FileIdentity | undefined,
): DiskCalls<void> {
  const path = entry.path + TEMPORARY;
  const flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  const firstMode = previous === undefined ? mode : mode & 0o600;
  const fd = unwrap(
    yield ["openat", entry.folder.fd, nameOf(entry, TEMPORARY), flags, firstMode],
    "open",
    { path },
  );
  try {
    for (let written = 0; written < bytes.length;) {
      const rest = bytes.subarray(written, written + WRITE_BYTES);
      const length = rest.length;
      written += unwrap(yield ["write", fd, rest, BigInt(length)], "write", { path });
    }
    if (previous !== undefined) yield* makeAlike(fd, previous);
    unwrap(yield ["fsync", fd], "fsync", { path });
  } finally {
    yield ["close", fd];
  }
}

/**
 * Gives a new file the owner, group and mode of another. Not every file system keeps them, and only root may give a
 * file away; it leaves out what fails, and never grants more rights than before.
 */
function* makeAlike(fd: number, { uid, gid, mode }: FileIdentity): DiskCalls<void> {
  const buffer = statxBuffer();
  const isSeen = (yield ["statx", fd, cString(""), AT_EMPTY_PATH, STATX_BASIC_STATS, buffer]) === 0;
  const now = isSeen ? identityIn(buffer) : undefined;
  let hasGroup = now?.gid === gid;
  if (now?.uid !== uid) hasGroup = (yield ["fchown", fd, uid, gid]) === 0 || hasGroup;
  if (!hasGroup) hasGroup = (yield ["fchown", fd, UNCHANGED, gid]) === 0;
  const permissions = mode & 0o777;
  // Another group gets the rights of all other users.
  const wanted = hasGroup ? permissions : permissions & ~0o070 | (permissions & 0o007) << 3;
  if (now === undefined || (now.mode & 0o777) !== wanted) yield ["fchmod", fd, wanted];
}

/**
 * Keeps the previous content as `.bak`: as a second link, so that the target never goes missing, or by moving the
 * target where the file system has no links (FAT).
 * @returns true when the target was moved away.
 */
function* keepPrevious(entry: Entry): DiskCalls<boolean> {
  const { fd } = entry.folder;
  const link = nameOf(entry, BACKUP_TEMPORARY);
  yield ["unlinkat", fd, link, 0];
  if ((yield ["linkat", fd, nameOf(entry, ""), fd, link, 0]) === 0) {
    const result = yield renameCall(entry, BACKUP_TEMPORARY, BACKUP);
    yield ["unlinkat", fd, link, 0]; // rename(2) of two links to one file leaves both
    if (result === 0) return false;
  }
  unwrap(yield renameCall(entry, "", BACKUP), "renameat", { path: entry.path });
  return true;
}

/** What was the target has been as private as that until now. Without the right to change it, it stays so. */
function* setMode(entry: Entry, ending: string, mode: number): DiskCalls<void> {
  const flags = O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC;
  const fd = yield ["openat", entry.folder.fd, nameOf(entry, ending), flags, 0];
  if (fd < 0) return;
  yield ["fchmod", fd, mode];
  yield ["close", fd];
}

/** Makes the renames themselves durable. Some file systems (FUSE, CIFS) refuse it with EINVAL. */
function* syncFolder({ folder }: Entry): DiskCalls<void> {
  const { path } = folder;
  const flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
  const fd = unwrap(yield ["openat", folder.fd, cString("."), flags, 0], "open", { path });
  const result = yield ["fsync", fd];
  yield ["close", fd];
  if (result !== -EINVAL) unwrap(result, "fsync", { path });
}

/** Removes the leftovers of a killed run of ours. @throws {SystemError} for a directory or a file of another user. */
function* removeOurs(entry: Entry, ending: string): DiskCalls<void> {
  const stat = yield* look(entry, ending);
  if (stat === undefined) return;
  const path = entry.path + ending;
  if (!isOurs(stat)) throw new SystemError(EACCES, "unlinkat", { path });
  unwrap(yield ["unlinkat", entry.folder.fd, nameOf(entry, ending), 0], "unlinkat", { path });
}

/** In a directory like /tmp only root could remove files of other users, and it must not. */
function checkReplaceable(entry: Entry, ending: string, stat: FileIdentity | undefined): void {
  if (stat === undefined) return;
  const path = entry.path + ending;
  if (isDirectory(stat)) throw new SystemError(EISDIR, "renameat", { path });
  if (entry.folder.access === "sticky" && !isOurs(stat)) {
    throw new SystemError(EACCES, "renameat", { path });
  }
}

function* look(entry: Entry, ending: string): DiskCalls<FileIdentity | undefined> {
  const buffer = statxBuffer();
  const name = nameOf(entry, ending);
  const flags = AT_SYMLINK_NOFOLLOW;
  const result = yield ["statx", entry.folder.fd, name, flags, STATX_BASIC_STATS, buffer];
  if (result === -ENOENT) return undefined;
  unwrap(result, "statx", { path: entry.path + ending });
  return identityIn(buffer);
}

function renameCall(entry: Entry, from: string, to: string): DiskCall {
  const { fd } = entry.folder;
  return ["renameat", fd, nameOf(entry, from), fd, nameOf(entry, to)];
}

function nameOf(entry: Entry, ending: string): Uint8Array<ArrayBuffer> {
  return cString(entry.name + ending);
}
