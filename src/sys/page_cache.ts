// What the kernel keeps of a file in memory.
import { libc } from "./libc.ts";
import { retried } from "./syscall.ts";

// sync_file_range(2): linux/fs.h
export const SYNC_FILE_RANGE_WAIT_BEFORE = 1;
export const SYNC_FILE_RANGE_WRITE = 2;
// posix_fadvise(2): fcntl.h
export const POSIX_FADV_DONTNEED = 4;

const BEGIN = SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE;

/**
 * Has the kernel begin to write what is dirty of the file, once what it was writing before is written. Errors
 * are told to whoever syncs the file; tmpfs and the like do not know of it.
 */
export function beginWriting(fd: number): void {
  retried(() => libc.sync_file_range(fd, 0n, 0n, BEGIN));
}

/** Gives back the memory of what is on the disk. Only advice: nobody need hear that it was not followed. */
export function dropPages(fd: number): void {
  libc.posix_fadvise(fd, 0n, 0n, POSIX_FADV_DONTNEED);
}
