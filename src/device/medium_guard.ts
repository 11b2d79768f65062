// Whether the medium that was opened is still the one in the drive, asked after each device read and before
// its bytes are used. Reader thread: a question costs the drive a command or two, and blocks.
//
// The disk sequence number alone does not tell. When a disc has been exchanged between two reads, the drive
// says so once, to the next program that asks. If that is a test on behalf of a program that opens the drive (udev, the
// watcher), a read that is queued behind it gets bytes of the new disc before the kernel has counted the
// change. Measured with the sr driver of Linux 6.1, beside a program that opens the drive all the time: the
// number was behind in 8 of 144 exchanges. Opening the drive first looks for a change, and waits for others
// who are at it: after that the number was right in 375 of 375.
//
// Linux before 5.15 has no such number. There the kernel keeps the drive's announcement for the next program that
// asks for it, which may be another one; cards and sticks have not even that. So the size is compared as well, and
// after a pause in which the medium may have been exchanged, a piece of it that was read at the beginning.
import { SystemError } from "../sys/system_error.ts";
import type { MediumStatus } from "./medium.ts";

/** The questions of a guard to a drive. Each may throw SystemError when the drive has gone. */
export interface GuardedDrive {
  /** Makes the kernel look for a change, and waits for others that do. */
  settle(): void;
  /** Number of the medium, which changes with each; undefined before Linux 5.15. */
  sequence(): number | undefined;
  /** Whether a change has been announced since this was asked last; undefined when the kernel does not tell. */
  hasAnnouncedChange(): boolean | undefined;
  status(): MediumStatus;
  /** Bytes. */
  size(): number;
  /** Reads bytes of the medium itself, past all caches; undefined when they cannot be read. */
  read(offset: number, length: number): Uint8Array | undefined;
  /** Milliseconds of a clock that does not jump. */
  nowMs(): number;
}

/**
 * Where media differ: the volume descriptor of a disc, the start of a disk, and what lies behind both. Of this
 * length, which all sectors divide.
 */
const WITNESS_OFFSETS = [32_768, 0, 65_536];
const WITNESS_BYTES = 4096;

/** A pause of this length is enough for an exchange, milliseconds: the watcher looks as often. */
const PAUSE_MS = 1000;

/** Knows one stay of a medium in a drive, from now on. */
export class MediumGuard {
  /** False before Linux 5.15: a change that the kernel does not announce is found only after a pause. */
  readonly isCertain: boolean;
  readonly #drive: GuardedDrive;
  readonly #sequence: number | undefined;
  readonly #size: number;
  /** What was read of the medium at the beginning; undefined where its number is enough, or nothing is telling. */
  readonly #witness: { offset: number; bytes: Uint8Array } | undefined;
  /** When it was the same medium for the last time. */
  #sureMs: number;

  /** To be made as soon as the drive is open, before anything else is asked of it. @throws {SystemError} */
  constructor(drive: GuardedDrive) {
    this.#drive = drive;
    this.#isSettled();
    this.#sequence = drive.sequence();
    this.#size = drive.size();
    this.isCertain = this.#sequence !== undefined;
    this.#sureMs = drive.nowMs();
    if (this.isCertain) return;
    // Changes that were announced until now belong to the medium that is there.
    drive.hasAnnouncedChange();
    this.#witness = this.#findWitness();
  }

  /** True when every byte read until now is of the medium that was there at the beginning. */
  isSame(): boolean {
    if (!this.looksTheSame()) return false;
    if (this.isCertain) return true;
    if (this.#drive.nowMs() - this.#sureMs > PAUSE_MS && !this.#agreesWithWitness()) return false;
    this.#sureMs = this.#drive.nowMs();
    return true;
  }

  /** As `isSame`, as far as it can be told without reading the medium. For times in which it is not read. */
  looksTheSame(): boolean {
    try {
      return this.#isSettled() && this.#showsNoChange();
    } catch (error) {
      // Unplugged, or it answers no more.
      if (error instanceof SystemError) return false;
      throw error;
    }
  }

  /** False when the drive cannot be opened any more. */
  #isSettled(): boolean {
    try {
      this.#drive.settle();
      return true;
    } catch (error) {
      if (error instanceof SystemError) return false;
      throw error;
    }
  }

  #showsNoChange(): boolean {
    const drive = this.#drive;
    if (this.#sequence !== undefined) return drive.sequence() === this.#sequence;
    if (drive.hasAnnouncedChange()) return false;
    const status = drive.status();
    return status !== "absent" && status !== "open" && drive.size() === this.#size;
  }

  #findWitness(): { offset: number; bytes: Uint8Array } | undefined {
    for (const offset of WITNESS_OFFSETS) {
      if (offset + WITNESS_BYTES > this.#size) continue;
      const bytes = this.#drive.read(offset, WITNESS_BYTES);
      // Equal bytes are on every blank medium.
      if (bytes?.some((byte) => byte !== bytes[0])) return { offset, bytes };
    }
    return undefined;
  }

  /** True also when it can no longer be read: then the other signs decide. */
  #agreesWithWitness(): boolean {
    if (this.#witness === undefined) return true;
    const { offset, bytes } = this.#witness;
    const now = this.#drive.read(offset, bytes.length);
    return now === undefined ||
      now.length === bytes.length && now.every((byte, index) => byte === bytes[index]);
  }
}
