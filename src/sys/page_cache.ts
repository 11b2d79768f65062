// What the kernel keeps of a file in memory.
import { libc } from "./libc.ts";
import { retried } from "./system_error.ts";

// sync_file_range(2): linux/fs.h
export const SYNC_FILE_RANGE_WAIT_BEFORE = 1;
export const SYNC_FILE_RANGE_WRITE = 2;
// posix_fadvise(2): fcntl.h
export const POSIX_FADV_DONTNEED = 4;

const BEGIN = SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE;

/**
 * Makes the kernel write the file's dirty pages, after it has finished the writes under way. The next sync of
 * the file reports errors; tmpfs and the like do not support the call.
 */
export function beginWriting(fd: number): void {
  retried(() => libc.sync_file_range(fd, 0n, 0n, BEGIN));
}

/** Drops the file's clean pages. Only advice: the caller does not learn whether the kernel followed it. */
export function dropPages(fd: number): void {
  libc.posix_fadvise(fd, 0n, 0n, POSIX_FADV_DONTNEED);
}
