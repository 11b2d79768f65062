// Writes bytes of the device into the image. Reader thread only; sessions read the image through
// their own calls. All-zero blocks become holes where that is certain to read as zeros.
import { isZero, punchHole, seekEnd, tryPwriteAll } from "../sys/fd.ts";
import { ENODATA, ENOSPC } from "../sys/errno.ts";
import { SystemError } from "../sys/system_error.ts";
import type { ScarceMemory } from "./scarce_memory.ts";
import { SpareRoom } from "../files/spare_room.ts";

/** Smallest stretch of zeros that is left out, bytes: file systems allocate in blocks of about this. */
export const HOLE_BLOCK = 65_536;

/** The image of one device, made as large as the device before. */
export class ImageWriter {
  readonly #fd: number;
  /** True while every byte that is not `+` is known to be a hole already, so that zeros need no call. */
  #fresh: boolean;
  #canPunch = true;
  readonly #room: SpareRoom;
  /** The last write failed: until one has succeeded, zeros are written like all else, to find out. */
  #failing = false;

  /** Undefined: memory is not short. */
  readonly #pages: ScarceMemory | undefined;

  /**
   * @param fresh the image was empty when this run began.
   * @param pages hears of each write, where memory is short.
   */
  constructor(fd: number, fresh: boolean, pages?: ScarceMemory) {
    this.#pages = pages;
    this.#fd = fd;
    this.#fresh = fresh;
    this.#room = new SpareRoom(fd);
  }

  /**
   * Makes image bytes [offset, offset + length) equal to memory at `address`.
   * @returns 0, or -errno when an unknown part of the range may have been changed. -ENODATA when another
   *   program has cut the image short before `offset`: the bytes between would read as zeros, although they are `+`.
   */
  write(address: number, offset: number, length: number): number {
    const result = this.#write(address, offset, length);
    this.#failing = result < 0;
    if (this.#failing) this.#fresh = false;
    else this.#pages?.wrote(length);
    return result;
  }

  /**
   * Whether the file system has room for `length` bytes more. Nothing is reserved: blocks of zeros shall stay
   * holes, and not every file system can. What this does not see (quotas, thin volumes) the write finds out.
   */
  hasRoom(length: number): boolean {
    return this.#room.isThere(length, this.#failing);
  }

  /** Bytes that there was room for when it was looked at last. */
  get room(): number {
    return this.#room.free;
  }

  #write(address: number, offset: number, length: number): number {
    const size = this.#size();
    if (offset > size) return size < 0 ? size : -ENODATA;
    const mayLeaveHoles = !this.#failing && offset + length <= size;
    if (!this.#room.has(length, this.#failing)) return -ENOSPC;
    for (let done = 0; done < length;) {
      const zero = mayLeaveHoles && isZero(address + done, blockEnd(offset, done, length) - done);
      const start = done;
      do done = blockEnd(offset, done, length); while (
        done < length && mayLeaveHoles &&
        isZero(address + done, blockEnd(offset, done, length) - done) === zero
      );
      const result = zero
        ? this.#writeZeros(address + start, offset + start, done - start)
        : tryPwriteAll(this.#fd, address + start, done - start, offset + start);
      if (result < 0) return result;
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

  /** Bytes, or -errno. */
  #size(): number {
    try {
      return seekEnd(this.#fd);
    } catch (error) {
      if (error instanceof SystemError) return -error.errno;
      throw error;
    }
  }
}

/** End of the HOLE_BLOCK that `done` lies in, both counted from `offset`. */
function blockEnd(offset: number, done: number, length: number): number {
  const at = offset + done;
  return Math.min(length, done + HOLE_BLOCK - (at % HOLE_BLOCK));
}
