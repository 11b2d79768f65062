// A drive as a guard of its medium asks it. Reader thread; each question may block.
import { blkDiskSeq, blkGetSize64 } from "../sys/block_ioctls.ts";
import { cdromMediaChanged, cdromTimedMediaChange } from "../sys/cdrom_ioctls.ts";
import { closeFd, openFile } from "../sys/fd.ts";
import { O_NONBLOCK, O_RDONLY } from "../sys/open_flags.ts";
import { firstAnswer } from "../device/device.ts";
import { readerOf } from "./identity.ts";
import { mediumStatusOf } from "../device/medium.ts";
import type { GuardedDrive } from "../device/medium_guard.ts";
import { statPathIfThere } from "../host/path_stat.ts";
import type { Removable } from "../device/removable.ts";

/** @param drive open. */
export function guardedDrive(drive: Removable): GuardedDrive {
  const descriptor = `/proc/self/fd/${drive.fd}`;
  // The drive itself, also when another path leads to it by now or none at all.
  const again = statPathIfThere(descriptor) === undefined ? drive.path : descriptor;
  const read = readerOf(drive);
  let changedMs = 0;
  return {
    settle: () => closeFd(openFile(again, O_RDONLY | O_NONBLOCK)),
    sequence: () => firstAnswer(() => true, () => blkDiskSeq(drive.fd)),
    hasAnnouncedChange: () =>
      firstAnswer(
        () => true,
        () => {
          const { changed, lastChangeMs } = cdromTimedMediaChange(drive.fd, changedMs);
          changedMs = lastChangeMs;
          return changed;
        },
        () => cdromMediaChanged(drive.fd),
      ),
    status: () => mediumStatusOf(drive.fd, drive.sysfs),
    size: () => blkGetSize64(drive.fd),
    // The page cache may still have the medium that was there before.
    read: (offset, length) => drive.direct ? read(offset, length) : undefined,
    nowMs: () => performance.now(),
  };
}
