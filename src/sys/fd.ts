// Calls on file descriptors. Descriptors belong to the process: any thread may use one that another
// opened. All of them block the calling thread, as long as the device likes.
//
// The `try...` functions are for the way of a byte: they never throw and return -errno instead.
import { EAGAIN, EINTR, EIO } from "./errno.ts";
import { cString } from "./c_string.ts";
import { errno, libc } from "./libc.ts";
import { addressOf } from "./memory.ts";
import { O_CLOEXEC, O_DIRECT } from "./open_flags.ts";
import { retried, SystemError, unwrap } from "./system_error.ts";

export { type FileIdentity, identityOf } from "./statx.ts";

// lseek(2): linux/fs.h
export const SEEK_END = 2;
export const SEEK_DATA = 3;
export const SEEK_HOLE = 4;
// fallocate(2): linux/falloc.h
export const FALLOC_FL_KEEP_SIZE = 1;
export const FALLOC_FL_PUNCH_HOLE = 2;
export const FALLOC_FL_ZERO_RANGE = 16;
// fcntl(2): asm-generic/fcntl.h
export const F_GETFL = 3;
export const F_SETFL = 4;
// flock(2): asm-generic/fcntl.h
export const LOCK_EX = 2;
export const LOCK_NB = 4;

/**
 * Opens a file; O_CLOEXEC is added. Opening a device may block, and may make a drive spin up.
 * @throws {SystemError} e.g. ENOENT, EACCES, ENOMEDIUM.
 */
export function openFile(path: string, flags: number, mode = 0o666): number {
  const name = cString(path);
  return unwrap(retried(() => libc.open(name, flags | O_CLOEXEC, mode)), "open", { path });
}

/**
 * Opens the file of a descriptor once more, even if its path leads elsewhere by now.
 * @param path what to call it in an error.
 * @throws {SystemError} e.g. EACCES, EBUSY; ENOENT without /proc.
 */
export function reopen(fd: number, flags: number, path: string): number {
  const name = cString(descriptorPath(fd));
  return unwrap(retried(() => libc.open(name, flags | O_CLOEXEC, 0)), "open", { path });
}

/** A path to the file of a descriptor that works even if the file was renamed or removed (proc(5)). */
export function descriptorPath(fd: number): string {
  return `/proc/self/fd/${fd}`;
}

/**
 * Closes a descriptor; never retried, as Linux frees it even when the call fails.
 * @throws {SystemError} e.g. EIO, ENOSPC, EDQUOT: earlier writes were lost.
 */
export function closeFd(fd: number): void {
  const result = libc.close(fd);
  const error = errno();
  if (result < 0 && error !== EINTR) throw new SystemError(error, "close", { fd });
}

/**
 * Makes `fd` mean what `other` means, in one step for all threads, and closes `other`. A call that is under way
 * goes on with the old file. @throws {SystemError} e.g. EBUSY.
 */
export function replaceFd(fd: number, other: number): void {
  unwrap(retried(() => libc.dup3(other, fd, O_CLOEXEC)), "dup3", { fd });
  closeFd(other);
}

/** Whether reads of a descriptor go past the page cache. @throws {SystemError} EBADF. */
export function isDirect(fd: number): boolean {
  return (unwrap(retried(() => libc.fcntl(fd, F_GETFL, 0)), "fcntl", { fd }) & O_DIRECT) !== 0;
}

/** One read(2) at the descriptor's own position. @returns bytes, 0 at the end, or -errno. */
export function tryRead(fd: number, address: number, length: number): number {
  for (;;) {
    const count = libc.read(fd, BigInt(address), BigInt(length));
    if (count >= 0) return count;
    const error = errno();
    if (error !== EINTR) return -error;
  }
}

/** One write(2) at the descriptor's own position. @returns bytes, possibly fewer, or -errno. */
export function tryWrite(fd: number, address: number, length: number): number {
  for (;;) {
    const count = libc.write(fd, BigInt(address), BigInt(length));
    if (count >= 0) return count;
    const error = errno();
    if (error !== EINTR) return -error;
  }
}

/** One pread(2). @returns bytes, possibly fewer than asked; 0 at the end of the file; or -errno. */
export function tryPread(fd: number, address: number, length: number, offset: number): number {
  for (;;) {
    const count = libc.pread(fd, BigInt(address), BigInt(length), BigInt(offset));
    if (count >= 0) return count;
    const error = errno();
    if (error !== EINTR) return -error;
  }
}

/**
 * Reads until `length` bytes are there, the file ends, or a read fails.
 * @returns bytes read. Fewer than `length`: the file ends there or the byte there cannot be read, and a
 *   further call at that offset says which. -errno when the first read failed.
 */
export function tryPreadAll(fd: number, address: number, length: number, offset: number): number {
  let done = 0;
  while (done < length) {
    const count = tryPread(fd, address + done, length - done, offset + done);
    if (count > 0) done += count;
    else return done > 0 ? done : count;
  }
  return done;
}

/** Writes all of it. @returns 0, or -errno when an unknown part may have been written. */
export function tryPwriteAll(fd: number, address: number, length: number, offset: number): number {
  let done = 0;
  while (done < length) {
    const count = libc.pwrite(
      fd,
      BigInt(address + done),
      BigInt(length - done),
      BigInt(offset + done),
    );
    if (count > 0) {
      done += count;
      continue;
    }
    const error = errno();
    if (count === 0) return -EIO;
    if (error !== EINTR) return -error;
  }
  return 0;
}

/**
 * Fills `bytes` from `offset` on, as far as the file goes. Off the hot path.
 * @returns bytes read; fewer than `bytes.length` only at the end of the file.
 * @throws {SystemError} when a read fails, even after others have succeeded.
 */
export function pread(fd: number, bytes: Uint8Array, offset: number): number {
  if (bytes.length === 0) return 0;
  const address = addressOf(bytes);
  let done = 0;
  while (done < bytes.length) {
    const length = bytes.length - done;
    const result = tryPread(fd, address + done, length, offset + done);
    const count = unwrap(result, "pread", { fd, offset: offset + done, length });
    if (count === 0) break;
    done += count;
  }
  return done;
}

/** Writes all of `bytes` at `offset`. Off the hot path. @throws {SystemError} e.g. ENOSPC. */
export function pwrite(fd: number, bytes: Uint8Array, offset: number): void {
  const length = bytes.length;
  if (length === 0) return;
  unwrap(tryPwriteAll(fd, addressOf(bytes), length, offset), "pwrite", { fd, offset, length });
}

/** Sets the size of a file; new bytes are a hole. @throws {SystemError} e.g. EFBIG, ENOSPC. */
export function truncateFd(fd: number, size: number): void {
  unwrap(retried(() => libc.ftruncate(fd, BigInt(size))), "ftruncate", { fd, length: size });
}

/** fsync(2). @throws {SystemError} EIO, ENOSPC: written data is lost and will not be tried again. */
export function syncFd(fd: number): void {
  unwrap(retried(() => libc.fsync(fd)), "fsync", { fd });
}

/** fdatasync(2): data, and the metadata needed to find it. @throws {SystemError} as `syncFd`. */
export function syncFdData(fd: number): void {
  unwrap(retried(() => libc.fdatasync(fd)), "fdatasync", { fd });
}

/** fdatasync(2). @returns 0, or -errno: written data is lost and will not be tried again. */
export function trySyncData(fd: number): number {
  return retried(() => libc.fdatasync(fd));
}

/** Size of a file or device by seeking to its end. @throws {SystemError} ESPIPE. */
export function seekEnd(fd: number): number {
  return unwrap(trySeek(fd, 0, SEEK_END), "lseek", { fd });
}

/** Where the next data begins, from `offset` on; -ENXIO when only a hole (or nothing) follows. */
export function trySeekData(fd: number, offset: number): number {
  return trySeek(fd, offset, SEEK_DATA);
}

/** Where the next hole (or the end of the file) begins; -ENXIO past the end. */
export function trySeekHole(fd: number, offset: number): number {
  return trySeek(fd, offset, SEEK_HOLE);
}

function trySeek(fd: number, offset: number, whence: number): number {
  return retried(() => Number(libc.lseek(fd, BigInt(offset), whence)));
}

/** Gives the blocks back to the file system; they read as zeros. @throws {SystemError} EOPNOTSUPP. */
export function punchHole(fd: number, offset: number, length: number): void {
  unwrap(tryPunchHole(fd, offset, length), "fallocate", { fd, offset, length });
}

/** As `punchHole`. @returns 0, or -errno. */
export function tryPunchHole(fd: number, offset: number, length: number): number {
  const mode = FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE;
  return retried(() => libc.fallocate(fd, mode, BigInt(offset), BigInt(length)));
}

/** Makes a range read as zeros and keeps room for it. @returns 0, or -errno: -EOPNOTSUPP, -ENOSPC. */
export function tryZeroRange(fd: number, offset: number, length: number): number {
  const mode = FALLOC_FL_KEEP_SIZE | FALLOC_FL_ZERO_RANGE;
  return retried(() => libc.fallocate(fd, mode, BigInt(offset), BigInt(length)));
}

/** Takes O_NONBLOCK away again. */
export function setBlocking(fd: number): void {
  unwrap(retried(() => libc.fcntl(fd, F_SETFL, 0)), "fcntl", { fd });
}

/** Takes the file's advisory lock, until the descriptor is closed. @returns false when it is taken. */
export function tryLock(fd: number): boolean {
  const result = retried(() => libc.flock(fd, LOCK_EX | LOCK_NB));
  if (result === -EAGAIN) return false;
  unwrap(result, "flock", { fd });
  return true;
}

/** Copies memory; the ranges may overlap. */
export function copyMemory(destAddress: number, sourceAddress: number, length: number): void {
  libc.memmove(BigInt(destAddress), BigInt(sourceAddress), BigInt(length));
}

const ZEROS = new Uint8Array(64);
const zerosAddress = BigInt(addressOf(ZEROS));

/** True when all bytes are zero. Stops at the first that is not. */
export function isZero(address: number, length: number): boolean {
  const head = Math.min(length, ZEROS.length);
  const start = BigInt(address);
  if (libc.memcmp(start, zerosAddress, BigInt(head)) !== 0) return false;
  // The head is zero; memory that equals itself shifted by the head is zero throughout.
  return libc.memcmp(start, start + BigInt(head), BigInt(length - head)) === 0;
}
