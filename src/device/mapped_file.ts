// A regular file as memory, read-only: for large files that are looked at here and there.
import { UserError } from "../base/errors.ts";
import { printable } from "../base/printable.ts";
import { closeFd, identityOf, openFile } from "../sys/fd.ts";
import { FileMapping } from "../sys/mapping.ts";
import { O_RDONLY } from "../sys/open_flags.ts";
import { openError } from "../files/open_error.ts";
import { isRegular, statPath } from "../host/path_stat.ts";

/** A mapped regular file. A page that cannot be read is a crash (SIGBUS): never for a failing source. */
export class MappedFile implements Disposable {
  readonly path: string;
  readonly #mapping: FileMapping | undefined;
  #open = true;

  private constructor(path: string, mapping: FileMapping | undefined) {
    this.path = path;
    this.#mapping = mapping;
  }

  /** @throws {UserError} when it cannot be opened, or is no regular file. */
  static open(path: string): MappedFile {
    try {
      // Before it is opened, as opening a FIFO would wait for its writer.
      if (!isRegular(statPath(path))) {
        throw new UserError(`"${printable(path)}" is not a regular file`);
      }
      const fd = openFile(path, O_RDONLY);
      try {
        const { size } = identityOf(fd);
        // mmap(2) refuses to map nothing.
        return new MappedFile(path, size > 0 ? new FileMapping(fd, size) : undefined);
      } finally {
        closeFd(fd);
      }
    } catch (error) {
      throw openError(path, error);
    }
  }

  /** The content as it was sized at `open`. Empty after `close`, and so are its subarrays. */
  get bytes(): Uint8Array {
    return this.#mapping?.bytes ?? new Uint8Array(0);
  }

  /** Bytes. */
  get size(): number {
    return this.#mapping?.size ?? 0;
  }

  /**
   * Copies to `bytes` from `offset` on.
   * @returns bytes copied; fewer only at the end of the file.
   * @throws {TypeError} after `close`.
   */
  pread(bytes: Uint8Array, offset: number): number {
    const part = this.bytes.subarray(offset, offset + bytes.length);
    bytes.set(part);
    return part.length;
  }

  /** Unmaps it. A second call does nothing. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#mapping?.release();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
