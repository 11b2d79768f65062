// Keeps some room free on the file system of a file that grows: for the mapfile and for everybody else. A map
// that cannot be saved would forget what the file has. One thread's own.
import { statfs } from "../sys/statfs.ts";
import { SystemError } from "../sys/system_error.ts";

/** Room that is left: this, or a sixteenth of a small file system. */
const SPARE_BYTES = 16 * 1024 * 1024;
const SPARE_SHARE = 1 / 16;

/** The room for one file. */
export class SpareRoom {
  readonly #fd: number;
  /** Bytes that can be written before the room is looked at again. */
  #room = 0;

  constructor(fd: number) {
    this.#fd = fd;
  }

  /**
   * Whether `length` bytes more may be written. Looks at the file system each time that half of the room may
   * have gone, or when asked to.
   */
  has(length: number, look: boolean): boolean {
    this.#room -= length;
    if (this.#room > 0 && !look) return true;
    try {
      const { freeBytes, totalBytes } = statfs(`/proc/self/fd/${this.#fd}`);
      const spare = Math.min(SPARE_BYTES, totalBytes * SPARE_SHARE);
      this.#room = (freeBytes - spare) / 2;
      return freeBytes - spare >= length;
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      // Nobody knows: the write itself will tell.
      return true;
    }
  }
}
