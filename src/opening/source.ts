// Opens the source, and checks that there is something to serve.
import { UserError } from "../base/errors.ts";
import { printable } from "../base/printable.ts";
import { detect } from "../device/detect.ts";
import { Device } from "../device/device.ts";
import { File, type TryPread } from "../device/file.ts";
import { guardedDrive } from "../identity/guarded_drive.ts";
import { MediumGuard } from "../device/medium_guard.ts";
import { MediumRefused } from "../device/medium_errors.ts";
import { Removable } from "../device/removable.ts";

/** Largest source, bytes: from 8 PiB on a number no longer holds every offset exactly. */
export const MOST_BYTES = Number.MAX_SAFE_INTEGER;

/** What to open, in the words of the command line. */
export interface SourceRequest {
  /** Path of the device, drive or regular file. */
  readonly devicePath: string;
  /** O_DIRECT; undefined: for devices, not for regular files. */
  readonly direct: boolean | undefined;
  /** Sector size; undefined: ask the device. */
  readonly blockSize: number | undefined;
}

/** The open source. Sizes are bytes. */
export interface Source {
  readonly file: File;
  readonly size: number;
  readonly sectorSize: number;
  /** Undefined when the medium cannot change. */
  readonly guard: MediumGuard | undefined;
}

/**
 * Opens the source. Blocks as the device likes.
 * @param tryPread makes the reads of a device; default: pread(2).
 * @throws {UserError} when it cannot be opened or is not fit to be served.
 */
export function openSource(request: SourceRequest, tryPread?: TryPread): Source {
  const { devicePath, direct, blockSize } = request;
  const kind = detect(devicePath);
  // A regular file is best read through the page cache; a device is best asked itself, sector by sector.
  const file = kind.open(devicePath, { direct: direct ?? kind !== File, tryPread });
  try {
    // Before the size is asked: whatever is asked from now on is of one medium, or the guard says so.
    const guard = file instanceof Removable ? new MediumGuard(guardedDrive(file)) : undefined;
    const { size } = file;
    if (size === 0) {
      throw new MediumRefused(`"${printable(devicePath)}" is empty: there is nothing to serve`, {
        hints: ['"blkcache detect" lists the devices that there are'],
      });
    }
    if (size > MOST_BYTES) {
      throw new MediumRefused(
        `cannot serve "${
          printable(devicePath)
        }": it has ${size} bytes, and less than 8 PiB is possible`,
        {
          hints: ["serve a part of it: losetup --read-only --sizelimit BYTES --find --show DEVICE"],
        },
      );
    }
    if (
      blockSize !== undefined && file instanceof Device && blockSize % file.sectorSize !== 0
    ) {
      throw new UserError(
        `block size ${blockSize} is no multiple of the device's sectors of ${file.sectorSize} bytes`,
        { hints: ["leave --block-size out: the device is asked"] },
      );
    }
    return { file, size, sectorSize: blockSize ?? file.sectorSize, guard };
  } catch (error) {
    file.close();
    throw error;
  }
}
