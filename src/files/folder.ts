// A directory that is held open, and who else can make, replace and remove names in it. Any thread.
import { printable } from "../base/printable.ts";
import { UserError } from "../base/errors.ts";
import { openAt, readLink } from "../sys/directory.ts";
import { closeFd, type FileIdentity, identityOf, openFile } from "../sys/fd.ts";
import { O_DIRECTORY, O_PATH } from "../sys/open_flags.ts";
import {
  CIFS_SUPER_MAGIC,
  EXFAT_SUPER_MAGIC,
  FUSE_SUPER_MAGIC,
  MSDOS_SUPER_MAGIC,
  SMB2_SUPER_MAGIC,
  statfsOf,
} from "../sys/statfs.ts";
import { S_ISVTX } from "../sys/statx.ts";
import { isLink, isMissing } from "../host/path_stat.ts";

const GROUP_MAY_WRITE = 0o020;
const OTHERS_MAY_WRITE = 0o002;

// fs/ntfs3/super.c, fs/ntfs/ntfs.h: in no header of the kernel's.
const NTFS3_SUPER_MAGIC = 0x7366746e;
const NTFS_SUPER_MAGIC = 0x5346544e;

/** File systems that give every file the owner and mode that they were mounted with, often 0777. */
const WITHOUT_PERMISSIONS = [
  ...[MSDOS_SUPER_MAGIC, EXFAT_SUPER_MAGIC, NTFS_SUPER_MAGIC, NTFS3_SUPER_MAGIC],
  ...[FUSE_SUPER_MAGIC, CIFS_SUPER_MAGIC, SMB2_SUPER_MAGIC],
];

/**
 * The users besides us and root that can change names in a directory: "own", none; "shared", its other owner or its
 * group; "sticky", all users, but only their own names, as in /tmp; "public", all users.
 */
export type Access = "own" | "shared" | "sticky" | "public";

/** True for what belongs to root or to the user who runs this program. */
export function isOurs({ uid }: FileIdentity): boolean {
  return uid === 0 || uid === Deno.uid();
}

/**
 * A directory that is held open, with the answer to who else can change names in it. Declare it
 * with `using`.
 */
export class Folder implements Disposable {
  /** A descriptor that names it (O_PATH). */
  readonly fd: number;
  /** How it was reached, for messages. */
  readonly path: string;
  readonly access: Access;
  /** No other user can make its path lead elsewhere. False also when that is not known. */
  readonly isFixed: boolean;
  readonly #isOursToo: boolean;
  #isOpen = true;

  private constructor(fd: number, path: string, isFixed: boolean) {
    this.fd = fd;
    this.path = path;
    this.isFixed = isFixed;
    const stat = identityOf(fd);
    this.#isOursToo = isOurs(stat);
    this.access = accessOf(fd, stat);
  }

  /** Where a path begins. */
  static start(path: string): Folder {
    const isAbsolute = path.startsWith("/");
    const start = isAbsolute ? "/" : ".";
    return new Folder(openFile(start, O_PATH | O_DIRECTORY), start, isAbsolute);
  }

  /** A directory in it; a symbolic link is none. @throws {SystemError} ENOENT, ENOTDIR, EACCES. */
  enter(name: string): Folder {
    const path = this.pathOf(name);
    const fd = openAt(this.fd, name, O_PATH | O_DIRECTORY, path);
    const canBeMoved = this.access !== "own" &&
      !(this.access === "sticky" && this.#isOursToo && isOurs(identityOf(fd)));
    return new Folder(fd, path, this.isFixed && !canBeMoved);
  }

  /** The path of a name in it, for messages. */
  pathOf(name: string): string {
    return this.path.endsWith("/") ? this.path + name : `${this.path}/${name}`;
  }

  /** What a name is, links not followed; undefined when there is nothing. @throws {SystemError} */
  look(name: string): FileIdentity | undefined {
    try {
      const fd = openAt(this.fd, name, O_PATH, this.pathOf(name));
      try {
        return identityOf(fd);
      } finally {
        closeFd(fd);
      }
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  /**
   * Where a symbolic link leads; undefined when `name` is none.
   * @throws {UserError} when it must not be followed: it is somebody else's, or others could have put it here.
   */
  linkTarget(name: string): string | undefined {
    const path = this.pathOf(name);
    let fd: number;
    try {
      fd = openAt(this.fd, name, O_PATH, path);
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
    try {
      const stat = identityOf(fd);
      if (!isLink(stat)) return undefined;
      const target = readLink(fd, path);
      if (this.access === "own" && isOurs(stat)) return target;
      const why = isOurs(stat) ? "in a directory that others can write to" : "of another user";
      throw new UserError(
        `"${printable(path)}" is a symbolic link ${why}: it is not followed`,
        { hints: [`if it is right, name what it leads to: "${printable(target)}"`] },
      );
    } finally {
      closeFd(fd);
    }
  }

  /** A second call does nothing. */
  [Symbol.dispose](): void {
    if (this.#isOpen) closeFd(this.fd);
    this.#isOpen = false;
  }
}

function accessOf(fd: number, { uid, gid, mode }: FileIdentity): Access {
  if ((mode & OTHERS_MAY_WRITE) !== 0) {
    if ((mode & S_ISVTX) !== 0) return "sticky";
    // A read-only file system cannot be changed, and some file systems keep no modes.
    const { type, readOnly } = statfsOf(fd);
    return readOnly || WITHOUT_PERMISSIONS.includes(type) ? "shared" : "public";
  }
  const isOwn = uid === 0 || uid === Deno.uid();
  const isGroupOwn = (mode & GROUP_MAY_WRITE) === 0 || gid === 0 || gid === Deno.gid();
  return isOwn && isGroupOwn ? "own" : "shared";
}
