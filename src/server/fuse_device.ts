// Mounts a file, with connections to the kernel for the threads that serve it.
import { leaveNotice } from "../fuse/kernel.ts";
import { MAX_READ_BYTES } from "../fuse/limits.ts";
import { closeFd, openFile, tryWrite } from "../sys/fd.ts";
import { tryIoctlBytes, unwrapIoctl } from "../sys/ioctl.ts";
import { addressOf } from "../sys/memory.ts";
import { MNT_DETACH, mount, MS_NODEV, MS_NOSUID, MS_RDONLY, unmount } from "../sys/mount.ts";
import { O_NONBLOCK, O_RDWR } from "../sys/open_flags.ts";
import { S_IFREG } from "../sys/statx.ts";

/** Type of our mounts in the mount table: "fuse" and the subtype. */
export const FUSE_TYPE = "fuse.blkcache";

const PATH = "/dev/fuse";

/** A group or everybody. */
const OTHERS_MAY_READ = 0o044;

// linux/fuse.h: _IOR(229, 0, uint32_t)
const FUSE_DEV_IOC_CLONE = 0x8004e500;

/** Two connections of one thread: reading the first waits for a request, reading the second does not. */
export type Lanes = readonly [blocking: number, polled: number];

/**
 * Mounts on an empty file. What touches it has to wait until the threads serve it.
 * @param mode its permission bits, which the kernel compares with who reads.
 * @returns the lanes of each thread.
 * @throws {SystemError} EPERM; ENOENT or ENODEV when the kernel has no FUSE. Nothing is mounted then.
 */
export function mountFuse(path: string, mode: number, threads: number): Lanes[] {
  const fds: number[] = [];
  try {
    fds.push(openFile(PATH, O_RDWR));
    const options = [
      `fd=${fds[0]}`,
      `rootmode=${(S_IFREG | mode).toString(8)}`,
      `user_id=${Deno.uid()}`,
      `group_id=${Deno.gid()}`,
      // Without it the kernel refuses all other users, whatever the mode says.
      ...(mode & OTHERS_MAY_READ) === 0 ? [] : ["allow_other"],
      "default_permissions",
      `max_read=${MAX_READ_BYTES}`,
    ].join(",");
    mount("blkcache", path, FUSE_TYPE, MS_RDONLY | MS_NOSUID | MS_NODEV, options);
    try {
      while (fds.length < threads * 2) fds.push(cloneFuse(fds[0]!, fds.length % 2 === 0));
    } catch (error) {
      unmount(path, MNT_DETACH);
      throw error;
    }
  } catch (error) {
    for (const fd of fds) closeFd(fd);
    throw error;
  }
  return Array.from({ length: threads }, (_, index) => [fds[index * 2]!, fds[index * 2 + 1]!]);
}

/** Ends the threads that serve a mount, also while they wait. The source must be ending. */
export function dismissThreads(lanes: readonly Lanes[]): void {
  const notice = leaveNotice();
  for (const [, polled] of lanes) {
    // Fails when the mount is gone, and the threads have been told by that.
    tryWrite(polled, addressOf(notice), notice.length);
  }
}

/**
 * One more connection to the same mount. Requests come by any of them, but a request is answered by the one
 * that it has come by.
 * @param fd what was mounted with. @param blocking whether reading it waits for a request.
 */
function cloneFuse(fd: number, blocking: boolean): number {
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
