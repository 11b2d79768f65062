// The file that a device is shown as: made if need be, refused if it is anything but empty, cleared of what a
// killed blkcache has left there, and removed at the end if it was made here. Main thread.
import { printable } from "../base/printable.ts";
import { UserError } from "../base/errors.ts";
import { mountOf } from "../file/mounts.ts";
import { isRegular } from "../file/path_stat.ts";
import { ENOENT, ENOTCONN, errnoMessage, errnoName } from "../sys/errno.ts";
import { closeFd, type FileIdentity, identityOf, openFile } from "../sys/fd.ts";
import { MNT_DETACH, unmount } from "../sys/mount.ts";
import { O_CREAT, O_EXCL, O_NOFOLLOW, O_RDONLY } from "../sys/open_flags.ts";
import { SystemError } from "../sys/system_error.ts";
import { FUSE_TYPE } from "./fuse_device.ts";
import { resolve } from "@std/path";

// asm-generic/fcntl.h, the same on all machines.
const O_PATH = 0o10000000;

/** An empty regular file. */
export interface MountPoint {
  /** Absolute. */
  readonly path: string;
  /** Removes the file if it was made here and is still the same and empty; it is not mounted on any more. */
  remove(): void;
}

/** @param info is told when something was in the way and has been cleared. @throws {UserError} */
export function prepareMountPoint(file: string, info: (message: string) => void): MountPoint {
  const path = resolve(file);
  return saying(`cannot show the device as "${printable(file)}"`, () => {
    clearStaleMounts(path, file, info);
    const found = identityIfThere(path);
    if (found === undefined) return makeFile(path);
    if (!isRegular(found)) {
      throw new UserError(`"${printable(file)}" is not a regular file`, { hints: [NEW_NAME] });
    }
    if (found.size > 0) {
      throw new UserError(`"${printable(file)}" holds data: the device would hide it`, {
        hints: [NEW_NAME],
      });
    }
    return { path, remove() {} };
  });
}

const NEW_NAME = "name a file that does not exist yet";

/** Mounts whose blkcache has been killed: whoever opens the file is told ENOTCONN. */
function clearStaleMounts(path: string, file: string, info: (message: string) => void): void {
  while (mountOf(path)?.type === FUSE_TYPE) {
    if (!isDead(path)) {
      throw new UserError(`another blkcache shows a device as "${printable(file)}"`, {
        hints: ["stop it first, or name another file"],
      });
    }
    unmount(path, MNT_DETACH);
    info(`"${printable(file)}" was still mounted by a blkcache that was killed: unmounted`);
  }
}

function isDead(path: string): boolean {
  try {
    closeFd(openFile(path, O_RDONLY));
    return false;
  } catch (error) {
    if (error instanceof SystemError) return error.errno === ENOTCONN;
    throw error;
  }
}

/** Symbolic links are not followed: a link in a directory of others could lead anywhere. */
function identityIfThere(path: string): FileIdentity | undefined {
  try {
    return identityAt(path);
  } catch (error) {
    if (error instanceof SystemError && error.errno === ENOENT) return undefined;
    throw error;
  }
}

function identityAt(path: string, flags = O_PATH | O_NOFOLLOW): FileIdentity {
  const fd = openFile(path, flags, 0o600);
  try {
    return identityOf(fd);
  } finally {
    closeFd(fd);
  }
}

function makeFile(path: string): MountPoint {
  const made = identityAt(path, O_RDONLY | O_CREAT | O_EXCL | O_NOFOLLOW);
  return {
    path,
    remove() {
      const now = identityIfThere(path);
      if (now?.ino === made.ino && now.dev === made.dev && now.size === 0) Deno.removeSync(path);
    },
  };
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
