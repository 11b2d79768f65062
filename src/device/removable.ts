// A drive whose medium can change: optical, floppy, card reader, USB stick.
import { blkSectorSize } from "../sys/block_ioctls.ts";
import { DEFAULT_SECTOR_SIZE, Device, firstAnswer, isSectorSize } from "./device.ts";
import type { OpenOptions } from "./file.ts";
import { isFloppy, isOptical, type MediumStatus, mediumStatus, mediumStatusOf } from "./medium.ts";
import { noMedium } from "../files/open_error.ts";
import { isBlockDevice, statPath, statPathIfThere } from "../host/path_stat.ts";
import { SysfsBlock } from "../host/sysfs.ts";

/** What an optical disc has when the drive does not say. */
export const OPTICAL_SECTOR_SIZE = 2048;

/** An open drive with a medium in it. */
export class Removable extends Device {
  /** True for a CD, DVD or BD drive. */
  readonly optical: boolean;

  protected constructor(path: string, options: OpenOptions) {
    super(path, options);
    this.optical = isOptical(this.sysfs);
  }

  /** True when the path is a drive with a removable medium. Opens nothing. */
  static override check(path: string): boolean {
    const stat = statPathIfThere(path);
    if (!stat || !isBlockDevice(stat)) return false;
    const block = new SysfsBlock(stat.rdev);
    return block.isRemovable || isOptical(block) || isFloppy(block);
  }

  /**
   * Opens a drive that has a medium. An empty one is not opened, because that would pull in its tray,
   * and its size is bogus.
   * @throws {UserError} with ENOMEDIUM as its cause's errno when there is none.
   */
  static override open(path: string, options: OpenOptions = {}): Removable {
    const status = Removable.mediumStatus(path);
    if (status === "absent" || status === "open") throw noMedium(path);
    return new Removable(path, options);
  }

  /** The drive's medium, without opening the disc. Blocks behind a read that hangs. */
  static mediumStatus(path: string): MediumStatus {
    return mediumStatus(path, new SysfsBlock(statPath(path).rdev));
  }

  /** As the static form, now. */
  get mediumStatus(): MediumStatus {
    return mediumStatusOf(this.fd, this.sysfs);
  }

  /** Logical sector size, bytes. */
  override get sectorSize(): number {
    return firstAnswer(isSectorSize, () => blkSectorSize(this.fd)) ??
      (this.optical ? OPTICAL_SECTOR_SIZE : DEFAULT_SECTOR_SIZE);
  }
}
