// The file that a device is shown as: made if need be, refused if it is anything but empty, cleared of what a
// killed blkcache has left there, and removed at the end if it was made here. Main thread.
//
// Its directory is held open from the first look to the end, and the kernel is told to mount on the descriptor of
// the file that was looked at: who can change the names in that directory cannot have anything else covered.
import { printable } from "../base/printable.ts";
import { UserError } from "../base/errors.ts";
import { type Entry, findEntry, kindOf } from "../files/entry.ts";
import { type Mount, mountIdOf, mounts } from "../host/mounts.ts";
import { isMissing, isRegular } from "../host/path_stat.ts";
import { openAt } from "../sys/directory.ts";
import { ENOTCONN, errnoMessage, errnoName } from "../sys/errno.ts";
import { closeFd, descriptorPath, type FileIdentity, identityOf } from "../sys/fd.ts";
import { MNT_DETACH, UMOUNT_NOFOLLOW, unmount } from "../sys/mount.ts";
import { O_NONBLOCK, O_PATH, O_RDONLY } from "../sys/open_flags.ts";
import { SystemError } from "../sys/system_error.ts";
import { FUSE_TYPE } from "./fuse_device.ts";
import { resolve } from "@std/path";

/** Of a file that is made to mount on: what is shown has a mode of its own. */
const MODE = 0o600;

/** An empty regular file. Declare it with `using`, or close it. */
export class MountPoint implements Disposable {
  /** Absolute. */
  readonly path: string;
  readonly #entry: Entry;
  readonly #fd: number;
  /** The file, if it was made here. */
  readonly #made: FileIdentity | undefined;
  #isOpen = true;

  private constructor(entry: Entry, fd: number, made: FileIdentity | undefined) {
    this.path = entry.path;
    this.#entry = entry;
    this.#fd = fd;
    this.#made = made;
  }

  /** @param info receives a sentence when something was in the way and has been removed. @throws {UserError} */
  static prepare(path: string, info: (message: string) => void): MountPoint {
    const name = `"${printable(path)}"`;
    return saying(`cannot show the device as ${name}`, () => {
      const entry = findEntry(resolve(path));
      try {
        clearStaleMounts(entry, name, info);
        // Do not look into it: the file system that is mounted there may never answer.
        if (isMountedOn(entry)) {
          throw new UserError(`something is mounted on ${name}`, { hints: [NEW_NAME] });
        }
        const found = entry.look();
        if (found === undefined) {
          const fd = entry.create(MODE);
          return new MountPoint(entry, fd, identityOf(fd));
        }
        return new MountPoint(entry, openEmpty(entry, found, name), undefined);
      } catch (error) {
        entry[Symbol.dispose]();
        throw error;
      }
    });
  }

  /** What to mount on: the file that was looked at, and nothing else. */
  get target(): string {
    return descriptorPath(this.#fd);
  }

  /** The number of the FUSE mount that is on the file now; undefined when there is none. */
  mountId(): number | undefined {
    const mount = mountOn(this.#entry);
    return mount?.type === FUSE_TYPE ? mount.id : undefined;
  }

  /**
   * Unmounts a mount, here or where a program has moved it.
   * @throws {UserError} when something else is mounted on it. @throws {SystemError} EBUSY, EPERM.
   */
  unmount(mount: Mount, flags: number): void {
    if (unmountAt(this.#entry, mount.id, flags)) return;
    using moved = findEntry(mount.mountPoint);
    if (unmountAt(moved, mount.id, flags)) return;
    throw new UserError("something else is mounted on it");
  }

  /** Removes the file if it was made here and is still the same and empty; it is not mounted on any more. */
  remove(): void {
    const made = this.#made;
    if (isMountedOn(this.#entry)) return;
    const now = made && this.#entry.folder.look(this.#entry.name);
    if (now?.ino === made?.ino && now?.dev === made?.dev && now?.size === 0) this.#entry.remove();
  }

  /** A second call does nothing. */
  [Symbol.dispose](): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    closeFd(this.#fd);
    this.#entry[Symbol.dispose]();
  }
}

const NEW_NAME = "name a file that does not exist yet";

/** @returns a descriptor that names the file and cannot read it. */
function openEmpty(entry: Entry, found: FileIdentity, name: string): number {
  if (!isRegular(found)) {
    throw new UserError(`${name} is not a regular file, but ${kindOf(found)}`, {
      hints: [NEW_NAME],
    });
  }
  const fd = openAt(entry.folder.fd, entry.name, O_PATH, entry.path);
  const { ino, dev, size } = identityOf(fd);
  if (ino === found.ino && dev === found.dev && size === 0) return fd;
  closeFd(fd);
  if (size > 0) {
    throw new UserError(`${name} holds data: the device would hide it`, { hints: [NEW_NAME] });
  }
  throw new UserError(`${name} has been replaced at this moment`, { hints: ["start again"] });
}

/** Mounts whose blkcache was killed: opening the file gives ENOTCONN. */
function clearStaleMounts(entry: Entry, name: string, info: (message: string) => void): void {
  for (;;) {
    const mount = mountOn(entry);
    // A file system of another user's may answer as it likes, or never.
    if (mount?.type !== FUSE_TYPE || !mount.options.includes(`user_id=${Deno.uid()}`)) return;
    if (!isDead(entry)) {
      throw new UserError(`another blkcache shows a device as ${name}`, {
        hints: ["stop it first, or name another file"],
      });
    }
    unmountAt(entry, mount.id, MNT_DETACH);
    info(`${name} was still mounted by a blkcache that was killed: unmounted`);
  }
}

/** The mount that a name is on: one on the name itself, or that of its directory. Undefined: nothing is there. */
function mountOn(entry: Entry): Mount | undefined {
  const id = mountIdAt(entry);
  return id === undefined ? undefined : mounts().find((mount) => mount.id === id);
}

function isMountedOn(entry: Entry): boolean {
  const id = mountIdAt(entry);
  return id !== undefined && id !== mountIdOf(entry.folder.fd);
}

function mountIdAt({ folder, name, path }: Entry): number | undefined {
  try {
    const fd = openAt(folder.fd, name, O_PATH, path);
    try {
      return mountIdOf(fd);
    } finally {
      closeFd(fd);
    }
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Unmounts a name if it is that mount: while a mount is on it, no program can rename or replace the name. */
function unmountAt(entry: Entry, id: number, flags: number): boolean {
  if (mountIdAt(entry) !== id) return false;
  unmount(entry.heldPath, flags | UMOUNT_NOFOLLOW);
  return true;
}

function isDead({ folder, name, path }: Entry): boolean {
  try {
    closeFd(openAt(folder.fd, name, O_RDONLY | O_NONBLOCK, path));
    return false;
  } catch (error) {
    if (error instanceof SystemError) return error.errno === ENOTCONN;
    throw error;
  }
}

function saying<T>(what: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    throw new UserError(`${what}: ${errnoMessage(error.errno)} (${errnoName(error.errno)})`, {
      hints: ["name a file in a directory that can be written to"],
      cause: error,
    });
  }
}
