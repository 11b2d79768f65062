// A file by its name in a directory that is held open. Opening, making and replacing it happen in that directory, even
// if another program renames a folder above it or puts a link into its place meanwhile. This is the one
// way to files beside an image, and to all that is written. Any thread; calls block.
//
// What is trusted: names in a directory that only root and we can change, and there symbolic links of root's and
// ours. Where others were let in, regular files and no links. In a directory like /tmp, files of root's and ours.
// No name is trusted in a directory in which all users can replace all names.
import { printable } from "../base/printable.ts";
import { UserError } from "../base/errors.ts";
import { openAt, unlinkAt } from "../sys/directory.ts";
import { ELOOP } from "../sys/errno.ts";
import { closeFd, descriptorPath, type FileIdentity, identityOf, setBlocking } from "../sys/fd.ts";
import { O_CREAT, O_EXCL, O_NONBLOCK, O_RDONLY, O_RDWR } from "../sys/open_flags.ts";
import { S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFLNK, S_IFMT, S_IFSOCK } from "../sys/statx.ts";
import { SystemError } from "../sys/system_error.ts";
import { Folder, isOurs } from "./folder.ts";
import { isMissing, isRegular } from "../host/path_stat.ts";

/** Symbolic links on the way of one path, as in the kernel. */
const MOST_LINKS = 40;

const KINDS: ReadonlyMap<number, string> = new Map([
  [S_IFBLK, "a block device"],
  [S_IFCHR, "a character device"],
  [S_IFDIR, "a directory"],
  [S_IFIFO, "a named pipe"],
  [S_IFLNK, "a symbolic link"],
  [S_IFSOCK, "a socket"],
]);

/** A file by its name in a directory that is held open. Declare it with `using`. */
export class Entry implements Disposable {
  readonly folder: Folder;
  readonly name: string;
  /** As it was named, for messages. */
  readonly path: string;

  constructor(folder: Folder, name: string, path: string) {
    this.folder = folder;
    this.name = name;
    this.path = path;
  }

  /** Another file in the same directory: closing the directory is left to this one. */
  beside(ending: string): Entry {
    return new Entry(this.folder, this.name + ending, this.path + ending);
  }

  /** A path that leads here even if another program changes the names above it. For calls that take no descriptor. */
  get heldPath(): string {
    return `${descriptorPath(this.folder.fd)}/${this.name}`;
  }

  /**
   * Describes the file of this name without following links; undefined when there is none.
   * @throws {UserError} when other users could have put it there, or could replace a file that we put there.
   */
  look(): FileIdentity | undefined {
    const { folder: { access, path } } = this;
    if (access === "public") {
      throw new UserError(
        `everybody can replace files in the directory "${printable(path)}": ` +
          `"${printable(this.path)}" is not safe there`,
        { hints: [`chmod +t "${printable(path)}"`, "or name a place in a directory of your own"] },
      );
    }
    const stat = this.folder.look(this.name);
    if (stat !== undefined && access === "sticky" && !isOurs(stat)) {
      throw new UserError(
        `"${printable(this.path)}" belongs to another user, in a directory that everybody can ` +
          "write to",
        { hints: ["name a place in a directory of your own"] },
      );
    }
    return stat;
  }

  /**
   * Opens the regular file that is there; undefined when nothing is.
   * @param what it is, for messages: "mapfile".
   * @throws {UserError} when it is no regular file, or as `look`. @throws {SystemError}
   */
  open(what: string, write = false): number | undefined {
    const seen = this.look();
    if (seen === undefined) return undefined;
    const name = `the ${what} "${printable(this.path)}"`;
    if (!isRegular(seen)) {
      throw new UserError(`${name} is not a regular file, but ${kindOf(seen)}`, {
        hints: ["move it away, or name another one"],
      });
    }
    // Should it be replaced by a pipe at this moment, the open does not wait for the other end.
    const flags = (write ? O_RDWR : O_RDONLY) | O_NONBLOCK;
    const fd = openAt(this.folder.fd, this.name, flags, this.path);
    try {
      const stat = identityOf(fd);
      if (stat.ino !== seen.ino || stat.dev !== seen.dev) {
        throw new UserError(`${name} has been replaced at this moment`, { hints: ["start again"] });
      }
      if (write && stat.nlink > 1 && this.folder.access !== "own") {
        throw new UserError(
          `${name} has other names as well, and others can write to its directory: it may be ` +
            "somebody else's file",
          { hints: [`if it is yours, copy it: cp --sparse=always FILE COPY`] },
        );
      }
      setBlocking(fd);
      return fd;
    } catch (error) {
      closeFd(fd);
      throw error;
    }
  }

  /**
   * Makes a file and opens it to read and write.
   * @param mode less the umask, from the first moment on.
   * @throws {UserError} as `look`. @throws {SystemError} EEXIST when there is something, EACCES, EROFS.
   */
  create(mode: number): number {
    this.look();
    return openAt(this.folder.fd, this.name, O_RDWR | O_CREAT | O_EXCL, this.path, mode);
  }

  /** Removes the name; nothing there is fine. A directory stays. @throws {SystemError} e.g. EISDIR, EROFS. */
  remove(): void {
    try {
      unlinkAt(this.folder.fd, this.name, this.path);
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }

  [Symbol.dispose](): void {
    this.folder[Symbol.dispose]();
  }
}

/**
 * Finds the directory of a path, which need not name anything yet. Links on the way are followed where they are
 * trusted; at the end of the path only with `followLink`.
 * @throws {UserError} when a link is not trusted, or leads nowhere. @throws {SystemError} ENOENT, ENOTDIR, EACCES.
 */
export function findEntry(path: string, { followLink = false } = {}): Entry {
  const waiting = partsOf(path).reverse();
  let folder = Folder.start(path);
  let links = 0;
  let lastTarget: string | undefined;
  const go = (next: Folder) => {
    folder[Symbol.dispose]();
    folder = next;
  };
  try {
    for (;;) {
      const name = waiting.pop();
      if (name === undefined) throw new UserError(`"${printable(path)}" is a directory`);
      const isLast = waiting.length === 0 && name !== "..";
      const target = isLast && !followLink ? undefined : folder.linkTarget(name);
      if (target !== undefined) {
        if (++links > MOST_LINKS) throw new SystemError(ELOOP, "open", { path });
        if (isLast) lastTarget = target;
        if (target.startsWith("/")) go(Folder.start(target));
        waiting.push(...partsOf(target).reverse());
      } else if (!isLast) {
        go(folder.enter(name));
      } else {
        if (lastTarget !== undefined && folder.look(name) === undefined) {
          throw danglingLink(path, lastTarget);
        }
        return new Entry(folder, name, path);
      }
    }
  } catch (error) {
    folder[Symbol.dispose]();
    if (lastTarget !== undefined && isMissing(error)) throw danglingLink(path, lastTarget);
    throw error;
  }
}

/** As `findEntry`; undefined when its directory is not there. */
export function findEntryIfFolder(path: string, options?: { followLink?: boolean }) {
  try {
    return findEntry(path, options);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Removes a file; nothing there is fine. @throws {SystemError} {UserError} as `findEntry`. */
export function removeFile(path: string): void {
  using entry = findEntryIfFolder(path);
  entry?.remove();
}

/** "a named pipe" */
export function kindOf({ mode }: FileIdentity): string {
  return KINDS.get(mode & S_IFMT) ?? "something else";
}

function partsOf(path: string): string[] {
  return path.split("/").filter((part) => part !== "" && part !== ".");
}

function danglingLink(path: string, target: string): UserError {
  return new UserError(
    `"${printable(path)}" is a symbolic link to "${printable(target)}", where there is nothing`,
    { hints: ["mount the disk that it leads to, or name a file instead"] },
  );
}
