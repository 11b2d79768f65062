// Writes what was read from the device into the image. Reader thread only; sessions read the image through
// their own calls. All-zero blocks become holes where that is certain to read as zeros.
import { isZero, punchHole, tryPwriteAll } from "../sys/fd.ts";
import { SystemError } from "../sys/system_error.ts";

/** Smallest stretch of zeros that is left out, bytes: file systems allocate in blocks of about this. */
export const HOLE_BLOCK = 65_536;

/** The image of one device. */
export class ImageWriter {
  readonly #fd: number;
  /** True while every byte that is not `+` is known to be a hole already, so that zeros need no call. */
  #fresh: boolean;
  #canPunch = true;

  /** @param fresh the image was empty when this run began. */
  constructor(fd: number, fresh: boolean) {
    this.#fd = fd;
    this.#fresh = fresh;
  }

  /**
   * Makes image bytes [offset, offset + length) equal to memory at `address`.
   * @returns 0, or -errno when an unknown part of the range may have been changed.
   */
  write(address: number, offset: number, length: number): number {
    let done = 0;
    while (done < length) {
      const zero = isZero(address + done, blockEnd(offset, done, length) - done);
      const start = done;
      do done = blockEnd(offset, done, length); while (
        done < length && isZero(address + done, blockEnd(offset, done, length) - done) === zero
      );
      const result = zero
        ? this.#writeZeros(address + start, offset + start, done - start)
        : tryPwriteAll(this.#fd, address + start, done - start, offset + start);
      if (result < 0) {
        this.#fresh = false;
        return result;
      }
    }
    return 0;
  }

  #writeZeros(address: number, offset: number, length: number): number {
    if (this.#fresh) return 0;
    if (this.#canPunch) {
      try {
        punchHole(this.#fd, offset, length);
        return 0;
      } catch (error) {
        // FAT and some network file systems cannot: from now on the zeros are written.
        if (!(error instanceof SystemError)) throw error;
        this.#canPunch = false;
      }
    }
    return tryPwriteAll(this.#fd, address, length, offset);
  }
}

/** End of the HOLE_BLOCK that `done` lies in, both counted from `offset`. */
function blockEnd(offset: number, done: number, length: number): number {
  const at = offset + done;
  return Math.min(length, done + HOLE_BLOCK - (at % HOLE_BLOCK));
}
