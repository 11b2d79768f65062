// What kind of file system a path is on, and how much room it has.
import { cString } from "./c_string.ts";
import { libc } from "./libc.ts";
import { retried, unwrap } from "./system_error.ts";

// linux/magic.h
export const TMPFS_MAGIC = 0x01021994;
export const RAMFS_MAGIC = 0x858458f6;
export const OVERLAYFS_SUPER_MAGIC = 0x794c7630;
export const MSDOS_SUPER_MAGIC = 0x4d44;
export const EXFAT_SUPER_MAGIC = 0x2011bab0;
export const NFS_SUPER_MAGIC = 0x6969;
export const CIFS_SUPER_MAGIC = 0xff534d42;
export const SMB2_SUPER_MAGIC = 0xfe534d42;
export const FUSE_SUPER_MAGIC = 0x65735546;

// struct statfs of 64-bit Linux: longs f_type, f_bsize, f_blocks, f_bfree, f_bavail, f_files, f_ffree,
// f_fsid, f_namelen, f_frsize, f_flags, f_spare[4].
const STATFS_SIZE = 120;
const ST_RDONLY = 1;

/** `type` is one of the magic numbers; sizes are bytes; `freeBytes` is what an ordinary user may fill. */
export interface FileSystemState {
  type: number;
  readOnly: boolean;
  blockSize: number;
  freeBytes: number;
  totalBytes: number;
}

/** Looks at the file system that holds `path`. @throws {SystemError} ENOENT, EIO, ESTALE. */
export function statfs(path: string): FileSystemState {
  const buffer = new Uint8Array(STATFS_SIZE);
  const name = cString(path);
  unwrap(retried(() => libc.statfs(name, buffer)), "statfs", { path });
  return stateIn(buffer);
}

/** As `statfs`, of an open descriptor. */
export function statfsOf(fd: number): FileSystemState {
  const buffer = new Uint8Array(STATFS_SIZE);
  unwrap(retried(() => libc.fstatfs(fd, buffer)), "statfs", { fd });
  return stateIn(buffer);
}

function stateIn(buffer: Uint8Array<ArrayBuffer>): FileSystemState {
  const view = new DataView(buffer.buffer);
  const field = (index: number) => Number(view.getBigUint64(index * 8, true));
  const blockSize = field(9) || field(1);
  return {
    type: view.getUint32(0, true),
    readOnly: (field(10) & ST_RDONLY) !== 0,
    blockSize,
    freeBytes: field(4) * blockSize,
    totalBytes: field(2) * blockSize,
  };
}
