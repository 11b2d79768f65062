// A file as memory: mmap(2), read-only and shared.
import { bytesAt, MAP_SHARED, mapMemory, PROT_READ, unmapMemory } from "./memory.ts";

/**
 * A mapped file. Writing to `bytes` is a crash, and so is reading past the end of a file that has shrunk
 * or where its device fails (SIGBUS): only for files that nobody else cuts and on disks that are sound.
 */
export class FileMapping {
  readonly address: number;
  /** Bytes. */
  readonly size: number;
  /** The file's bytes, read as they are touched. Of length 0 after `release`. */
  readonly bytes: Uint8Array<ArrayBuffer>;

  /**
   * Maps `size` bytes from the start of the file; the descriptor may be closed afterwards.
   * @throws {SystemError} EINVAL for size 0, ENODEV when it cannot be mapped, EACCES.
   */
  constructor(fd: number, size: number) {
    this.address = mapMemory(size, PROT_READ, MAP_SHARED, fd);
    this.size = size;
    this.bytes = bytesAt(this.address, size);
  }

  /** Unmaps it; `bytes` and its subarrays become empty. */
  release(): void {
    unmapMemory(this.bytes, this.address, this.size);
  }
}
