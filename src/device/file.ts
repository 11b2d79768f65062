// A regular file, and the base of devices: one descriptor with positional reads. Any thread; its calls
// block. The reader's hot path uses `fd` with sys's own calls; all other code uses this class.
import { closeFd, identityOf, pread, pwrite, reopen, tryPread } from "../sys/fd.ts";
import { EINVAL, ENOTBLK } from "../sys/errno.ts";
import { NativeMemory } from "../sys/memory.ts";
import { O_DIRECT, O_RDONLY, O_RDWR } from "../sys/open_flags.ts";
import { SystemError, unwrap } from "../sys/system_error.ts";
import { openError } from "../files/open_error.ts";
import {
  isBlockDevice,
  isDirectory,
  isRegular,
  statPathIfThere,
  withPath,
} from "../host/path_stat.ts";

/** One read at a position: bytes, possibly fewer than asked, 0 at the end, or -errno. */
export type TryPread = typeof tryPread;

/** How to open: `direct` asks for O_DIRECT, `write` for writing as well. Both default to false. */
export interface OpenOptions {
  direct?: boolean | undefined;
  write?: boolean | undefined;
  /** Makes the reads of `pread` when they are direct; default: pread(2), which no signal interrupts. */
  tryPread?: TryPread | undefined;
}

// What every file system takes for O_DIRECT.
const DIRECT_FILE_ALIGNMENT = 4096;

/** An open file. Close it, or declare it with `using`. */
export class File implements Disposable {
  readonly path: string;
  readonly fd: number;
  /** True when reads bypass the page cache; false also when the file system does not support that. */
  readonly direct: boolean;
  readonly #tryPread: TryPread;
  #open = true;

  /** For subclasses; others call `open`. */
  protected constructor(path: string, options: OpenOptions) {
    this.path = path;
    this.#tryPread = options.tryPread ?? tryPread;
    ({ fd: this.fd, direct: this.direct } = openSource(path, options));
  }

  /** True when the path is a regular file (symbolic links followed). Opens nothing. */
  static check(path: string): boolean {
    const stat = statPathIfThere(path);
    return stat !== undefined && isRegular(stat);
  }

  /** @throws {UserError} with a SystemError as its cause. */
  static open(path: string, options: OpenOptions = {}): File {
    return new File(path, options);
  }

  /** Bytes, asked anew each time. */
  get size(): number {
    return identityOf(this.fd).size;
  }

  /** The least that can fail alone, bytes. A file has none of its own: ddrescue's default. */
  get sectorSize(): number {
    return 512;
  }

  /** Offsets, lengths and memory of O_DIRECT reads are multiples of this. */
  get directAlignment(): number {
    return DIRECT_FILE_ALIGNMENT;
  }

  /**
   * Fills `bytes` from `offset` on, whatever the alignment.
   * @returns bytes read; fewer than `bytes.length` only at the end of the file.
   * @throws {SystemError} EIO, ENODATA... when any of it cannot be read.
   */
  pread(bytes: Uint8Array, offset: number): number {
    try {
      return this.direct ? this.#preadDirect(bytes, offset) : pread(this.fd, bytes, offset);
    } catch (error) {
      throw this.#named(error, "pread", bytes.length, offset);
    }
  }

  /**
   * Writes all of `bytes`. With `direct`, offset and length must be aligned.
   * @throws {SystemError} EBADF when it was not opened for writing, ENOSPC, EIO, EINVAL.
   */
  pwrite(bytes: Uint8Array, offset: number): void {
    if (bytes.length === 0) return;
    const memory = this.direct ? NativeMemory.allocate(bytes.length) : undefined;
    try {
      memory?.bytes.set(bytes);
      pwrite(this.fd, memory?.bytes ?? bytes, offset);
    } catch (error) {
      throw this.#named(error, "pwrite", bytes.length, offset);
    } finally {
      memory?.release();
    }
  }

  /** A second call does nothing. @throws {SystemError} when the kernel reports an earlier error of the file. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    closeFd(this.fd);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #preadDirect(bytes: Uint8Array, offset: number): number {
    const unit = this.directAlignment;
    const start = offset - offset % unit;
    const end = Math.min(offset + bytes.length, this.size);
    if (end <= offset) return 0;
    const memory = NativeMemory.allocate(Math.ceil((end - start) / unit) * unit);
    try {
      let done = 0;
      while (start + done < end) {
        const length = memory.size - done;
        const count = this.#tryPread(this.fd, memory.address + done, length, start + done);
        if (unwrap(count, "pread", { path: this.path, offset: start + done, length }) === 0) break;
        done += count;
      }
      const available = Math.max(0, Math.min(start + done, end) - offset);
      bytes.set(memory.bytes.subarray(offset - start, offset - start + available));
      return available;
    } finally {
      memory.release();
    }
  }

  #named(error: unknown, syscall: string, length: number, offset: number): unknown {
    if (!(error instanceof SystemError)) return error;
    return new SystemError(error.errno, syscall, { path: this.path, offset, length, cause: error });
  }
}

/**
 * Opens what a path names, links followed: it is only read. What it is, is looked at first, and that very file is
 * opened: a pipe or a character device that another program puts there meanwhile is not.
 * Not every file system has O_DIRECT: without it reads are still right, only less exact on errors.
 */
function openSource(path: string, options: OpenOptions): { fd: number; direct: boolean } {
  const flags = options.write ? O_RDWR : O_RDONLY;
  try {
    return withPath(path, (named) => {
      const stat = identityOf(named);
      if (!isRegular(stat) && !isBlockDevice(stat) && !isDirectory(stat)) {
        throw new SystemError(ENOTBLK, "open", { path });
      }
      if (options.direct) {
        try {
          return { fd: reopen(named, flags | O_DIRECT, path), direct: true };
        } catch (error) {
          if (!(error instanceof SystemError && error.errno === EINVAL)) throw error;
        }
      }
      return { fd: reopen(named, flags, path), direct: false };
    });
  } catch (error) {
    throw openError(path, error);
  }
}
