// What a block device says of itself (linux/fs.h). All throw SystemError: ENOTTY when it is no block
// device (EINVAL from some drivers), ENODEV when it has been unplugged, ENOMEDIUM from an empty drive.
import { tryIoctlI32, tryIoctlU64, unwrapIoctl } from "./ioctl.ts";

export const BLKROGET = 0x125e;
/** Has the kernel look for partitions again. */
export const BLKRRPART = 0x125f;
export const BLKSSZGET = 0x1268;
export const BLKPBSZGET = 0x127b;
export const BLKROTATIONAL = 0x127e;
export const BLKGETSIZE64 = 0x80081272;
/** Kernel 5.15 and later. */
export const BLKGETDISKSEQ = 0x80081280;

/** Size in bytes. 0 when the device has been unplugged; bogus for a drive without a medium. */
export function blkGetSize64(fd: number): number {
  return unwrapIoctl(tryIoctlU64(fd, BLKGETSIZE64), "BLKGETSIZE64", fd);
}

/** Logical sector size in bytes: the least that can be read alone. */
export function blkSectorSize(fd: number): number {
  return unwrapIoctl(tryIoctlI32(fd, BLKSSZGET), "BLKSSZGET", fd);
}

/** Physical sector size in bytes: what the device loses as one. */
export function blkPhysicalBlockSize(fd: number): number {
  return unwrapIoctl(tryIoctlI32(fd, BLKPBSZGET), "BLKPBSZGET", fd);
}

/** True when the kernel refuses writes. */
export function blkReadOnly(fd: number): boolean {
  return unwrapIoctl(tryIoctlI32(fd, BLKROGET), "BLKROGET", fd) !== 0;
}

/** True when the device says that it has heads to move. */
export function blkRotational(fd: number): boolean {
  return unwrapIoctl(tryIoctlI32(fd, BLKROTATIONAL), "BLKROTATIONAL", fd) !== 0;
}

/**
 * Number of the medium, unique since boot: it changes with each disc, once the kernel has noticed (by its
 * own polling, or because a process opens the drive without O_NONBLOCK). ENOTTY before kernel 5.15.
 */
export function blkDiskSeq(fd: number): number {
  return unwrapIoctl(tryIoctlU64(fd, BLKGETDISKSEQ), "BLKGETDISKSEQ", fd);
}
