// Keeps some room free on the file system of a file that grows: for the mapfile and for other programs. A map
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
  /** Room that the last look found, less the room that must stay free, bytes. */
  #free = 0;

  constructor(fd: number) {
    this.#fd = fd;
  }

  /** Bytes that there was room for at the last look. */
  get free(): number {
    return this.#free;
  }

  /** Whether `length` bytes more may be written, which they are going to be: see `isThere`. */
  has(length: number, look: boolean): boolean {
    const isThere = this.isThere(length, look);
    this.#room -= length;
    return isThere;
  }

  /**
   * Whether there is room for `length` bytes. Looks at the file system each time that half of the room may have
   * gone, or when asked to. Quotas and thin volumes are not seen: there the write itself tells.
   */
  isThere(length: number, look: boolean): boolean {
    if (this.#room > length && !look) return true;
    try {
      const { freeBytes, totalBytes } = statfs(`/proc/self/fd/${this.#fd}`);
      const spare = Math.min(SPARE_BYTES, totalBytes * SPARE_SHARE);
      this.#free = Math.max(0, freeBytes - spare);
      this.#room = this.#free / 2;
      return this.#free >= length;
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      // The room is unknown: the write itself will tell.
      return true;
    }
  }
}
