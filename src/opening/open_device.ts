// Opens what is to be served with its cache, and lets go of it at the end. The reader's thread for a block device:
// each call may take as long as the device likes, and a thread that hangs can be left behind. Main for a regular
// file.
import { printable } from "../base/printable.ts";
import type { TryPread } from "../device/file.ts";
import type { MediumGuard } from "../device/medium_guard.ts";
import { Removable } from "../device/removable.ts";
import { openSource } from "./source.ts";
import { WriteAccess } from "../device/write_access.ts";
import { cdromLockDoor, cdromSelectSpeed } from "../sys/cdrom_ioctls.ts";
import { SystemError } from "../sys/system_error.ts";
import { type Medium, type MediumRequest, openMedium, type Warn } from "./open_medium.ts";
import { openOffline } from "./open_offline.ts";

/** What to open. Plain data. */
export interface DeviceRequest extends MediumRequest {
  /** `device` is an image, which is served without its device. */
  readonly offline: boolean;
  /** Clients may write to the device itself. */
  readonly writeThrough: boolean;
  /** Reading speed of an optical drive, in multiples of the disc's 1x; undefined: the drive's own choice. */
  readonly speed: number | undefined;
}

/** A device with its cache. */
export interface OpenDevice {
  readonly medium: Medium;
  /** Undefined when the medium cannot change. */
  readonly guard: MediumGuard | undefined;
  /** Descriptor for writes; undefined: the device is not written to. */
  readonly writeFd: number | undefined;
  /** Restores the drive's settings and closes the device. No thread may use its descriptors any more. */
  close(): void;
}

/** @param tryPread makes the direct reads; default: pread(2). @throws as `openMedium`. */
export function openDevice(
  request: DeviceRequest,
  tryPread: TryPread | undefined,
  warn: Warn,
): OpenDevice {
  if (request.offline) {
    const medium = openOffline({ ...request, imagePath: request.devicePath }, warn);
    // Its only descriptor is the image's.
    return { medium, guard: undefined, writeFd: undefined, close() {} };
  }
  using parts = new DisposableStack();
  const source = openSource(request, tryPread);
  const file = parts.use(source.file);
  if (file instanceof Removable) setUpDrive(file, request.speed, parts, warn);
  const access = request.writeThrough ? parts.use(new WriteAccess(file)) : undefined;
  const medium = openMedium(request, source, warn);
  const opened = parts.move();
  return {
    medium,
    guard: source.guard,
    writeFd: access?.fd,
    close: () => opened.dispose(),
  };
}

function setUpDrive(
  drive: Removable,
  speed: number | undefined,
  parts: DisposableStack,
  warn: Warn,
): void {
  // The kernel locks the door when the drive is opened. Unlock it, so that the button ejects the disc.
  if (drive.optical) attempt(() => cdromLockDoor(drive.fd, false));
  if (speed === undefined) return;
  selectSpeed(drive, speed, warn);
  if (drive.optical) parts.defer(() => trySpeed(drive.fd, 0));
}

function selectSpeed(drive: Removable, speed: number, warn: Warn): void {
  const path = printable(drive.path);
  if (!drive.optical) warn(`"${path}" is no optical drive: --speed has no effect`, []);
  else if (!trySpeed(drive.fd, speed)) {
    warn(`the drive "${path}" does not take the speed ${speed}`, [
      "it goes on reading as fast as it likes",
    ]);
  }
}

/** @returns false when the drive refuses: not every drive can, and some can only for some discs. */
function trySpeed(fd: number, speed: number): boolean {
  return attempt(() => cdromSelectSpeed(fd, speed));
}

function attempt(call: () => void): boolean {
  try {
    call();
    return true;
  } catch (error) {
    if (error instanceof SystemError) return false;
    throw error;
  }
}
