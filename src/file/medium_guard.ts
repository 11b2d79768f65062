// Whether the medium that was opened is still the one in the drive, asked after each device read and before
// anything is made of what it gave. Reader thread: a question costs the drive a command or two, and blocks.
//
// The disk sequence number alone does not tell. When a disc has been exchanged between two reads, the drive
// says so once, to whoever asks next. If that is a test on behalf of somebody who opens the drive (udev, the
// watcher), a read that is queued behind it gets bytes of the new disc before the kernel has counted the
// change. Measured with the sr driver of Linux 6.1, beside a program that opens the drive all the time: the
// number was behind in 8 of 144 exchanges. Opening the drive first looks for a change, and waits for others
// who are at it: after that the number was right in 375 of 375.
import { blkDiskSeq, blkGetSize64 } from "../sys/block_ioctls.ts";
import { closeFd, openFile } from "../sys/fd.ts";
import { O_NONBLOCK, O_RDONLY } from "../sys/open_flags.ts";
import { SystemError } from "../sys/system_error.ts";
import { firstAnswer } from "./device.ts";
import { mediumStatusOf } from "./medium.ts";
import { statPathIfThere } from "./path_stat.ts";
import type { Removable } from "./removable.ts";

/** The medium left while it was being looked at. */
export class MediumLeft extends Error {
  override name = "MediumLeft";
}

/** Knows one stay of a medium in a drive, from now on. */
export class MediumGuard {
  /** False before kernel 5.15: an exchange in which no look falls between the two media goes unseen. */
  readonly certain: boolean;
  readonly #drive: Removable;
  /** The drive itself, also when another path leads to it by now or none at all. */
  readonly #again: string;
  readonly #sequence: number | undefined;
  readonly #size: number;

  /** To be made as soon as the drive is open, before anything else is asked of it. */
  constructor(drive: Removable) {
    const descriptor = `/proc/self/fd/${drive.fd}`;
    this.#drive = drive;
    this.#again = statPathIfThere(descriptor) === undefined ? drive.path : descriptor;
    firstAnswer(() => true, () => this.#settle());
    this.#sequence = firstAnswer(() => true, () => blkDiskSeq(drive.fd));
    this.#size = blkGetSize64(drive.fd);
    this.certain = this.#sequence !== undefined;
  }

  /** True when every byte read until now is of the medium that was there at the beginning. */
  isSame(): boolean {
    try {
      this.#settle();
      return this.#sequence === undefined
        ? this.#looksTheSame()
        : blkDiskSeq(this.#drive.fd) === this.#sequence;
    } catch (error) {
      // Unplugged, or it answers no more.
      if (error instanceof SystemError) return false;
      throw error;
    }
  }

  /** @throws {SystemError} when the drive cannot be opened. */
  #settle(): void {
    closeFd(openFile(this.#again, O_RDONLY | O_NONBLOCK));
  }

  #looksTheSame(): boolean {
    const status = mediumStatusOf(this.#drive.fd, this.#drive.sysfs);
    return status !== "absent" && status !== "open" &&
      blkGetSize64(this.#drive.fd) === this.#size;
  }
}
