// Tells one stay of a medium in a drive from the next. Two sources, as neither suffices: the drive's status
// shows that a disc has left, the kernel's disk sequence number that another has come between two looks.
// Measured with the sr driver of Linux 6.1: an ejection alone need not move the number.
import { UserError } from "../base/errors.ts";
import { cdromTimedMediaChange } from "../sys/cdrom_ioctls.ts";
import { closeFd, identityOf } from "../sys/fd.ts";
import { firstAnswer } from "./device.ts";
import { type MediumStatus, mediumStatusOf, openDrive } from "./medium.ts";
import { SysfsBlock } from "../host/sysfs.ts";

/** Names one stay of a medium in the drive, to be compared and not read. Null: there is no medium. */
export type MediumId = string | null;

/** A drive, open for its status only for as long as it is watched, so that no further open is the first. */
export class MediumProbe implements Disposable {
  readonly block: SysfsBlock;
  readonly #path: string;
  readonly #fd: number;
  readonly #hadSysfs: boolean;
  readonly #stays = new MediumStays();

  /** @throws {UserError} when the drive cannot be opened. */
  constructor(path: string) {
    this.#path = path;
    this.#fd = openDrive(path);
    this.block = new SysfsBlock(identityOf(this.#fd).rdev);
    this.#hadSysfs = this.block.exists;
  }

  /**
   * The medium that is there now; undefined when the drive itself has gone. May block.
   * @param isBusy the drive is being read, and may be slow to answer: only what the kernel knows is asked.
   */
  look(isBusy = false): MediumId | undefined {
    if (this.#hadSysfs && !this.block.exists) return undefined;
    const status = isBusy ? "not-ready" : mediumStatusOf(this.#fd, this.block);
    return this.#stays.next(
      status,
      () => this.#sequence(),
      () => this.#reopen(),
      () => this.block.size,
    );
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

  /** At an open the kernel asks the drive for changes, counts them and forgets them. */
  #reopen(): void {
    try {
      closeFd(openDrive(this.#path));
    } catch (error) {
      if (!(error instanceof UserError)) throw error; // it has gone: the next look will show
    }
  }
}

/** Makes ids of what a drive answers, look by look. */
export class MediumStays {
  #sequence: number | undefined;
  #size: number | undefined;
  #id: MediumId = null;
  #insertions = 0;

  /**
   * @param status what the drive says now.
   * @param readSequence moves with a change; undefined on an old kernel, where a change between two looks
   *   goes unseen.
   * @param settle makes the number catch up with the drive. To be asked for its status can be what uses up
   *   the drive's only word about a change: the kernel notices that when somebody opens the drive, not when
   *   it polls. It also counts no further change before that.
   * @param readSize of the medium, which tells some media apart where there is no number.
   */
  next(
    status: MediumStatus,
    readSequence: () => number | undefined,
    settle: () => void,
    readSize: () => number | undefined = () => undefined,
  ): MediumId {
    if (status !== "not-ready") settle();
    const sequence = readSequence();
    const size = sequence === undefined ? readSize() : undefined;
    const moved = sequence === undefined ? size !== this.#size : sequence !== this.#sequence;
    // A drive that is busy, but has seen no change, has lost nothing.
    if (status === "not-ready" && !moved) return this.#id;
    const there = isThere(status);
    if (!moved && there === (this.#id !== null)) return this.#id;
    this.#sequence = sequence;
    this.#size = size;
    this.#id = there ? String(sequence ?? `insertion ${++this.#insertions}`) : null;
    return this.#id;
  }
}

/** A drive that cannot tell is believed to have a medium; reading it will show. */
function isThere(status: MediumStatus): boolean {
  return status === "present" || status === "unknown";
}
