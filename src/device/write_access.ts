// Opens a source for writing, which is done for --write-through alone. A block device is claimed as a whole
// (O_EXCL), so that no file system on it is mounted now or later. The error names the program that has the device.
import { printable } from "../base/printable.ts";
import { UserError } from "../base/errors.ts";
import { EACCES, EBUSY, EPERM, EROFS } from "../sys/errno.ts";
import { closeFd, identityOf, reopen, tryLock } from "../sys/fd.ts";
import { O_DIRECT, O_EXCL, O_RDWR } from "../sys/open_flags.ts";
import { SystemError } from "../sys/system_error.ts";
import { BlockStacks, fileKey } from "../host/block_stack.ts";
import { Device } from "./device.ts";
import type { File } from "./file.ts";
import { statPathIfThere } from "../host/path_stat.ts";
import { blockDevices, type SysfsBlock } from "../host/sysfs.ts";

const OVERLAY_HINT = "or keep what is written apart from it: --overlay FILE";

/** A descriptor to write to the very file that is read. Declare it with `using`. */
export class WriteAccess implements Disposable {
  readonly fd: number;

  /** @throws {UserError} when it must not, or cannot, be written to. */
  constructor(file: File) {
    const path = `"${printable(file.path)}"`;
    if (file instanceof Device && file.readOnly) {
      throw new UserError(`${path} is write-protected`, {
        hints: [`blockdev --setrw ${printable(file.path)}`, OVERLAY_HINT],
      });
    }
    this.fd = file instanceof Device ? openDevice(file, path) : openRegular(file, path);
  }

  [Symbol.dispose](): void {
    closeFd(this.fd);
  }
}

function openDevice(device: Device, path: string): number {
  try {
    // Opened like the descriptor for reads, because those reads must see the written bytes.
    const flags = O_RDWR | O_EXCL | (device.direct ? O_DIRECT : 0);
    return reopen(device.fd, flags, device.path);
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    if (error.errno !== EBUSY) throw refused(error, path);
    const places = new BlockStacks().mountPointsOn(identityOf(device.fd).rdev);
    const who = places.length > 0
      ? `it is mounted at ${places.map((place) => `"${printable(place)}"`).join(", ")}`
      : "another program or device holds it";
    throw new UserError(`cannot write to ${path}: ${who}`, {
      hints: [
        places.length > 0 ? `umount ${printable(places[0])}` : "lsblk shows what is built on it",
        OVERLAY_HINT,
      ],
      cause: error,
    });
  }
}

/** Through the page cache, as its end need not be that of a block; direct reads see that. */
function openRegular(file: File, path: string): number {
  const key = fileKey(identityOf(file.fd));
  const user = blockDevices().find((block) => keyOfBackingFile(block) === key);
  if (user !== undefined) {
    throw new UserError(`cannot write to ${path}: it is in use as "/dev/${user.name}"`, {
      hints: [`losetup --detach /dev/${user.name}`, OVERLAY_HINT],
    });
  }
  let fd = -1;
  try {
    fd = reopen(file.fd, O_RDWR, file.path);
    if (tryLock(fd)) return fd;
  } catch (error) {
    if (fd >= 0) closeFd(fd);
    if (error instanceof SystemError) throw refused(error, path);
    throw error;
  }
  closeFd(fd);
  throw new UserError(`cannot write to ${path}: another blkcache does`, {
    hints: ["end that one first"],
  });
}

/** Undefined also when that file cannot be looked at, for example because a network is down. */
function keyOfBackingFile({ backingFile }: SysfsBlock): string | undefined {
  try {
    const stat = backingFile === undefined ? undefined : statPathIfThere(backingFile);
    return stat && fileKey(stat);
  } catch (error) {
    if (error instanceof SystemError) return undefined;
    throw error;
  }
}

function refused(error: SystemError, path: string): UserError {
  const isForbidden = [EACCES, EPERM, EROFS].includes(error.errno);
  return new UserError(`cannot write to ${path}: ${error.message}`, {
    hints: [
      isForbidden ? "ask for the right to write to it (sudo)" : "look at the device",
      OVERLAY_HINT,
    ],
    cause: error,
  });
}
