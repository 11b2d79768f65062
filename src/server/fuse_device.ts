// Connections to the kernel's FUSE, for the threads that serve a mounted file.
import { closeFd, openFile } from "../sys/fd.ts";
import { tryIoctlBytes, unwrapIoctl } from "../sys/ioctl.ts";
import { O_NONBLOCK, O_RDWR } from "../sys/open_flags.ts";

const PATH = "/dev/fuse";

// linux/fuse.h: _IOR(229, 0, uint32_t)
const FUSE_DEV_IOC_CLONE = 0x8004e500;

/** A connection to mount with. @throws {SystemError} ENOENT, ENODEV: the kernel has no FUSE; EACCES. */
export function openFuse(): number {
  return openFile(PATH, O_RDWR);
}

/**
 * One more connection to the same mount. Requests come by any of them, but a request is answered by the one
 * that it has come by.
 * @param fd what was mounted with. @param blocking whether reading it waits for a request.
 */
export function cloneFuse(fd: number, blocking: boolean): number {
  const clone = openFile(PATH, blocking ? O_RDWR : O_RDWR | O_NONBLOCK);
  try {
    const original = new Uint8Array(Uint32Array.of(fd).buffer);
    unwrapIoctl(tryIoctlBytes(clone, FUSE_DEV_IOC_CLONE, original), "FUSE_DEV_IOC_CLONE", clone);
  } catch (error) {
    closeFd(clone);
    throw error;
  }
  return clone;
}
