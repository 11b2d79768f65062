// Opens the disc or card in a drive, and lets go of the drive at the end. Reader thread: each call may take
// as long as the drive likes.
import { Removable } from "../file/removable.ts";
import { openSource } from "../file/source.ts";
import type { MediumGuard } from "../file/medium_guard.ts";
import type { TryPread } from "../file/file.ts";
import { printable } from "../base/printable.ts";
import { cdromLockDoor, cdromSelectSpeed } from "../sys/cdrom_ioctls.ts";
import { SystemError } from "../sys/system_error.ts";
import { type Medium, type MediumRequest, openMedium, type Warn } from "./open_medium.ts";

/** What to open. Plain data. */
export interface DriveRequest extends MediumRequest {
  /** Reading speed, in multiples of the disc's 1x; undefined: the drive's own choice. */
  readonly speed: number | undefined;
}

/** A medium in a drive. */
export interface OpenDrive {
  readonly medium: Medium;
  readonly guard: MediumGuard;
  /** Puts the drive back as it was and closes it. */
  close(): void;
}

/** @param tryPread makes the reads. @throws as `openMedium`. */
export function openDrive(request: DriveRequest, tryPread: TryPread, warn: Warn): OpenDrive {
  const source = openSource(request, tryPread);
  const drive = source.file as Removable;
  const close = () => {
    if (request.speed !== undefined && drive.optical) trySpeed(drive.fd, 0);
    drive.close();
  };
  try {
    // The door was locked when the drive was opened: who wants the disc back presses the button.
    if (drive.optical) attempt(() => cdromLockDoor(drive.fd, false));
    if (request.speed !== undefined) selectSpeed(drive, request.speed, warn);
    const medium = openMedium(request, source, warn);
    return { medium, guard: source.guard!, close };
  } catch (error) {
    close();
    throw error;
  }
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
