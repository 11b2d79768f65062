// The file of our own Unix socket: made where only we can put one, cleared of what a killed server has left there,
// and removed at the end. Main thread.
//
// Its directory is held open from the first look to the end. Where others can change the names above it, the socket
// is bound by that descriptor, so that it cannot come to lie elsewhere; else by its path, which `ss` then shows.
import { printable } from "../base/printable.ts";
import { UserError } from "../base/errors.ts";
import { Entry, findEntry } from "../files/entry.ts";
import { type Folder, isOurs } from "../files/folder.ts";
import { isMissing } from "../host/path_stat.ts";
import { makeDirectoryAt } from "../sys/directory.ts";
import { ECONNREFUSED, EEXIST, ENOENT, errnoMessage, errnoName } from "../sys/errno.ts";
import { closeFd, type FileIdentity, identityOf } from "../sys/fd.ts";
import { listenUnix, tryConnectUnix } from "../sys/socket.ts";
import { S_IFMT, S_IFSOCK } from "../sys/statx.ts";
import { SystemError } from "../sys/system_error.ts";
import { basename, dirname } from "@std/path";

const OURS_ALONE = 0o700;
const OTHERS = 0o077;
const OTHER_PATH = "name another path with --socket PATH";

/** A socket that listens, and its file. */
export class SocketFile {
  readonly fd: number;
  readonly #entry: Entry;
  /** Undefined when it has gone at once. */
  readonly #made: FileIdentity | undefined;

  /**
   * @param path absolute. @param isDefault its directory is ours alone, and is made.
   * @throws {UserError} when it is in use, or the place will not do. @throws {SystemError} EACCES, EADDRINUSE...
   */
  constructor(path: string, isDefault: boolean, backlog: number) {
    this.#entry = isDefault
      ? new Entry(openPrivateFolder(dirname(path)), basename(path), path)
      : findSocket(path);
    try {
      removeStale(this.#entry);
      this.fd = listenUnix(addressOf(this.#entry), backlog);
      this.#made = this.#look();
    } catch (error) {
      this.#entry[Symbol.dispose]();
      throw error;
    }
  }

  /** Removes the file, unless another one has taken its place. The descriptor is the caller's to close. */
  remove(): void {
    const now = this.#look();
    if (now !== undefined && now.ino === this.#made?.ino && now.dev === this.#made.dev) {
      this.#entry.remove();
    }
    this.#entry[Symbol.dispose]();
  }

  #look(): FileIdentity | undefined {
    return this.#entry.folder.look(this.#entry.name);
  }
}

function findSocket(path: string): Entry {
  try {
    return findEntry(path);
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    throw new UserError(`cannot make the socket "${printable(path)}": ${error.message}`, {
      hints: [OTHER_PATH],
      cause: error,
    });
  }
}

/** What to call it to the kernel. */
function addressOf({ folder, heldPath, path }: Entry): string {
  return folder.isFixed ? path : heldPath;
}

/** A socket without a listener is left over from a killed server. */
function removeStale(entry: Entry): void {
  const name = `"${printable(entry.path)}"`;
  const stat = entry.look();
  if (stat === undefined) return;
  if ((stat.mode & S_IFMT) !== S_IFSOCK) {
    throw new UserError(`${name} exists and is not a socket`, { hints: [OTHER_PATH] });
  }
  const result = tryConnectUnix(addressOf(entry));
  if (result >= 0) {
    closeFd(result);
    throw new UserError(`another server is listening on ${name}`, {
      hints: ["stop it first, or name another socket with --socket PATH"],
    });
  }
  if (result === -ENOENT) return;
  if (result !== -ECONNREFUSED) {
    throw new UserError(
      `cannot tell whether ${name} is in use: ${errnoMessage(-result)} (${errnoName(-result)})`,
      { hints: [OTHER_PATH] },
    );
  }
  if (!isOurs(stat)) {
    throw new UserError(`the socket ${name} belongs to another user`, {
      hints: ["remove it, as nobody listens on it", OTHER_PATH],
    });
  }
  entry.remove();
}

/** Opens a directory of ours that no other user can enter or put a socket into; makes it if need be. */
function openPrivateFolder(path: string): Folder {
  const name = `"${printable(path)}"`;
  let folder: Folder;
  try {
    folder = openOrMake(path);
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    throw new UserError(`cannot make the directory ${name} for the socket: ${error.message}`, {
      hints: [OTHER_PATH],
      cause: error,
    });
  }
  const { uid, mode } = identityOf(folder.fd);
  if (uid === Deno.uid() && (mode & OTHERS) === 0) return folder;
  folder[Symbol.dispose]();
  throw new UserError(`the directory ${name} for the socket is open to others`, {
    hints: [`chmod 700 ${printable(path)}`, OTHER_PATH],
  });
}

function openOrMake(path: string): Folder {
  using entry = findOrMakeAbove(path);
  try {
    makeDirectoryAt(entry.folder.fd, entry.name, OURS_ALONE, path);
  } catch (error) {
    if (!(error instanceof SystemError && error.errno === EEXIST)) throw error;
  }
  return entry.folder.enter(entry.name);
}

function findOrMakeAbove(path: string): Entry {
  try {
    return findEntry(path);
  } catch (error) {
    if (!isMissing(error) || dirname(path) === path) throw error;
  }
  openOrMake(dirname(path))[Symbol.dispose]();
  return findEntry(path);
}
