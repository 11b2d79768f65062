// Tells one stay of a medium in a drive from the next. Asks as little of the drive as it can: the kernel's
// disk sequence number costs it nothing, and only when that has moved is the drive asked for its status.
import { cdromTimedMediaChange } from "../sys/cdrom_ioctls.ts";
import { closeFd, identityOf } from "../sys/fd.ts";
import { firstAnswer } from "./device.ts";
import { type MediumStatus, mediumStatusOf, openDrive } from "./medium.ts";
import { SysfsBlock } from "./sysfs.ts";

/** Names one stay of a medium in the drive, to be compared and not read. Null: there is no medium. */
export type MediumId = string | null;

/** A drive, open for its status only, for as long as it is watched: each open can wake it. */
export class MediumProbe implements Disposable {
  readonly block: SysfsBlock;
  readonly #fd: number;
  readonly #hadSysfs: boolean;
  readonly #stays = new MediumStays();

  /** @throws {UserError} when the drive cannot be opened. */
  constructor(path: string) {
    this.#fd = openDrive(path);
    this.block = new SysfsBlock(identityOf(this.#fd).rdev);
    this.#hadSysfs = this.block.exists;
  }

  /** The medium that is there now; undefined when the drive itself has gone. May block. */
  look(): MediumId | undefined {
    if (this.#hadSysfs && !this.block.exists) return undefined;
    return this.#stays.next(this.#sequence(), () => mediumStatusOf(this.#fd, this.block));
  }

  [Symbol.dispose](): void {
    closeFd(this.#fd);
  }

  /** A number that moves with each change: diskseq (kernel 5.15), else the time of the last change. */
  #sequence(): number | undefined {
    return firstAnswer<number>(
      () => true,
      () => this.block.diskSeq,
      () => cdromTimedMediaChange(this.#fd, 0).lastChangeMs,
    );
  }
}

/** Makes ids of what a drive answers, look by look. */
export class MediumStays {
  #sequence: number | undefined;
  #id: MediumId = null;
  #insertions = 0;

  /**
   * @param sequence moves with each change; undefined on an old kernel, where a change between two looks
   *   goes unseen.
   * @param status asks the drive, which is done only when it can have changed.
   */
  next(sequence: number | undefined, status: () => MediumStatus): MediumId {
    if (sequence === undefined) {
      const now = status();
      if (now === "not-ready") return this.#id; // a drive that is busy has lost nothing
      if (!isThere(now)) this.#id = null;
      else this.#id ??= `insertion ${++this.#insertions}`;
    } else if (sequence !== this.#sequence || this.#id === null) {
      this.#id = isThere(status()) ? String(sequence) : null;
      this.#sequence = sequence;
    }
    return this.#id;
  }
}

/** A drive that cannot tell is believed to have a medium; reading it will show. */
function isThere(status: MediumStatus): boolean {
  return status === "present" || status === "unknown";
}

/** The medium in a drive now; null without one. @throws {UserError} as `MediumProbe`. */
export function mediumId(path: string): MediumId {
  using probe = new MediumProbe(path);
  return probe.look() ?? null;
}
