// Whether there is a medium in a drive, asked without spinning it up. The ioctl may block behind a read
// that hangs: not for the main thread.
import {
  cdromDriveStatus,
  CDS_DISC_OK,
  CDS_DRIVE_NOT_READY,
  CDS_NO_DISC,
  CDS_TRAY_OPEN,
} from "../sys/cdrom_ioctls.ts";
import { closeFd, openFile } from "../sys/fd.ts";
import { O_NONBLOCK, O_RDONLY } from "../sys/open_flags.ts";
import { SystemError } from "../sys/system_error.ts";
import { openError } from "../files/open_error.ts";
import type { SysfsBlock } from "../host/sysfs.ts";

/** `not-ready`: the drive is still looking at the disc. `unknown`: the drive cannot tell. */
export type MediumStatus = "present" | "absent" | "open" | "not-ready" | "unknown";

const BY_ANSWER: ReadonlyMap<number, MediumStatus> = new Map([
  [CDS_NO_DISC, "absent"],
  [CDS_TRAY_OPEN, "open"],
  [CDS_DRIVE_NOT_READY, "not-ready"],
  [CDS_DISC_OK, "present"],
]);

// Block device majors (linux/major.h).
const FLOPPY_MAJOR = "2:";
const SCSI_CDROM_MAJOR = "11:";
/** SCSI peripheral device type of CD, DVD and BD drives (SPC-5, 6.7.2). */
const TYPE_ROM = "5";

/** True for a CD, DVD or BD drive. */
export function isOptical(block: SysfsBlock): boolean {
  return block.driver === "sr" || block.numbers.startsWith(SCSI_CDROM_MAJOR) ||
    block.diskAttribute("device/type") === TYPE_ROM;
}

/** True for a floppy drive of the old kind; USB ones are disks that call themselves removable. */
export function isFloppy(block: SysfsBlock): boolean {
  return block.driver === "floppy" || block.numbers.startsWith(FLOPPY_MAJOR);
}

/**
 * Opens a drive for its status only: O_NONBLOCK needs no medium, pulls in no tray and locks no door.
 * @throws {UserError} e.g. when it has gone, or without the right to.
 */
export function openDrive(path: string): number {
  try {
    return openFile(path, O_RDONLY | O_NONBLOCK);
  } catch (error) {
    throw openError(path, error);
  }
}

/** Asks an open drive. Drives without the ioctl say it by their size, floppy drives not at all. */
export function mediumStatusOf(fd: number, block: SysfsBlock): MediumStatus {
  if (isOptical(block)) {
    try {
      const status = BY_ANSWER.get(cdromDriveStatus(fd));
      if (status) return status;
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
    }
    return "unknown"; // an empty drive keeps the size of its last disc, or a bogus one
  }
  if (isFloppy(block)) return "unknown";
  return block.size === 0 ? "absent" : "present";
}

/** As `mediumStatusOf`, for a path. @throws {UserError} as `openDrive`. */
export function mediumStatus(path: string, block: SysfsBlock): MediumStatus {
  const fd = openDrive(path);
  try {
    return mediumStatusOf(fd, block);
  } finally {
    closeFd(fd);
  }
}
