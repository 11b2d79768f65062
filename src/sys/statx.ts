// What an open descriptor is, by statx(2): unlike struct stat, its layout is the same on all machines.
import { cString } from "./c_string.ts";
import { libc } from "./libc.ts";
import { retried, unwrap } from "./system_error.ts";

// linux/stat.h, linux/fcntl.h
export const STATX_BASIC_STATS = 0x7ff;
export const AT_EMPTY_PATH = 0x1000;
export const AT_SYMLINK_NOFOLLOW = 0x100;
export const S_IFMT = 0o170000;
export const S_IFREG = 0o100000;
export const S_IROTH = 0o4;
export const S_IFBLK = 0o060000;
export const S_IFDIR = 0o040000;
export const S_IFCHR = 0o020000;
export const S_IFIFO = 0o010000;
export const S_IFLNK = 0o120000;
export const S_IFSOCK = 0o140000;
export const S_ISVTX = 0o1000;

const STATX_SIZE = 256;

/** The fields of stat(2); `dev` and `rdev` are packed as Deno.stat packs them. `size` is bytes. */
export interface FileIdentity {
  dev: number;
  ino: number;
  rdev: number;
  mode: number;
  size: number;
  nlink: number;
  uid: number;
  gid: number;
}

/** The identity of a descriptor's file, independent of its current name. @throws {SystemError} EBADF. */
export function identityOf(fd: number): FileIdentity {
  const path = cString("");
  const buffer = statxBuffer();
  const result = retried(() => libc.statx(fd, path, AT_EMPTY_PATH, STATX_BASIC_STATS, buffer));
  unwrap(result, "statx", { fd });
  return identityIn(buffer);
}

/** Memory for a struct statx. */
export function statxBuffer(): Uint8Array<ArrayBuffer> {
  return new Uint8Array(STATX_SIZE);
}

/** What a struct statx says. */
export function identityIn(buffer: Uint8Array<ArrayBuffer>): FileIdentity {
  const view = new DataView(buffer.buffer);
  return {
    nlink: view.getUint32(0x10, true),
    uid: view.getUint32(0x14, true),
    gid: view.getUint32(0x18, true),
    mode: view.getUint16(0x1c, true),
    ino: Number(view.getBigUint64(0x20, true)),
    size: Number(view.getBigUint64(0x28, true)),
    rdev: makeDevice(view.getUint32(0x80, true), view.getUint32(0x84, true)),
    dev: makeDevice(view.getUint32(0x88, true), view.getUint32(0x8c, true)),
  };
}

/** A dev_t as glibc's makedev builds it (sys/sysmacros.h); exact, as Linux has 12 + 20 bits. */
export function makeDevice(major: number, minor: number): number {
  return (minor & 0xff) + (major & 0xfff) * 0x100 + (minor >>> 8) * 0x100000 +
    (major >>> 12) * 2 ** 44;
}

/** The two halves of a dev_t. */
export function deviceNumbers(deviceNumber: number): { major: number; minor: number } {
  const low = deviceNumber % 2 ** 32;
  const high = Math.floor(deviceNumber / 2 ** 32);
  return {
    major: ((low >>> 8) & 0xfff) + (high >>> 12) * 0x1000,
    minor: (low & 0xff) + (low >>> 20) * 0x100,
  };
}
