// Constants of the FUSE protocol under the header's names and in its order.
// Source: include/uapi/linux/fuse.h unless a group says otherwise.

// FUSE_KERNEL_VERSION, and the oldest minor version (Linux 5.4) with all that we use. It is also the one we
// claim: the kernel then speaks it, however new it is.
export const FUSE_KERNEL_VERSION = 7;
export const FUSE_KERNEL_MINOR_VERSION = 31;

export const FUSE_ROOT_ID = 1;

// Flags returned by the OPEN request
export const FOPEN_DIRECT_IO = 1 << 0;
export const FOPEN_KEEP_CACHE = 1 << 1;

// INIT request/reply flags
export const FUSE_ASYNC_READ = 1 << 0;
export const FUSE_ASYNC_DIO = 1 << 15;
export const FUSE_MAX_PAGES = 1 << 22;
export const FUSE_INIT_EXT = 1 << 30;
/** In `flags2`, whose bit 0 is the header's bit 32 (Linux 6.6). */
export const FUSE_DIRECT_IO_ALLOW_MMAP_2 = 1 << 4;

// enum fuse_opcode
export const FUSE_LOOKUP = 1;
export const FUSE_FORGET = 2;
export const FUSE_GETATTR = 3;
export const FUSE_SETATTR = 4;
export const FUSE_READLINK = 5;
export const FUSE_SYMLINK = 6;
export const FUSE_MKNOD = 8;
export const FUSE_MKDIR = 9;
export const FUSE_UNLINK = 10;
export const FUSE_RMDIR = 11;
export const FUSE_RENAME = 12;
export const FUSE_LINK = 13;
export const FUSE_OPEN = 14;
export const FUSE_READ = 15;
export const FUSE_WRITE = 16;
export const FUSE_STATFS = 17;
export const FUSE_RELEASE = 18;
export const FUSE_FSYNC = 20;
export const FUSE_SETXATTR = 21;
export const FUSE_REMOVEXATTR = 24;
export const FUSE_INIT = 26;
export const FUSE_OPENDIR = 27;
export const FUSE_READDIR = 28;
export const FUSE_ACCESS = 34;
export const FUSE_CREATE = 35;
export const FUSE_INTERRUPT = 36;
export const FUSE_DESTROY = 38;
export const FUSE_IOCTL = 39;
export const FUSE_NOTIFY_REPLY = 41;
export const FUSE_BATCH_FORGET = 42;
export const FUSE_FALLOCATE = 43;
export const FUSE_READDIRPLUS = 44;
export const FUSE_RENAME2 = 45;
export const FUSE_COPY_FILE_RANGE = 47;
export const FUSE_TMPFILE = 51;

// enum fuse_notify_code
export const FUSE_NOTIFY_RETRIEVE = 5;

// Sizes of structures, bytes
export const FUSE_IN_HEADER_BYTES = 40;
export const FUSE_OUT_HEADER_BYTES = 16;
export const FUSE_INIT_OUT_BYTES = 64;
export const FUSE_OPEN_OUT_BYTES = 16;
export const FUSE_ATTR_OUT_BYTES = 104;
export const FUSE_STATFS_OUT_BYTES = 80;

// asm-generic/errno-base.h, errno.h
export const EINTR = 4;
export const EIO = 5;
export const ENOTDIR = 20;
export const EINVAL = 22;
export const ENOTTY = 25;
export const EROFS = 30;
export const ENOSYS = 38;
export const EPROTO = 71;

// asm-generic/fcntl.h, linux/stat.h, linux/fs.h
export const O_ACCMODE = 0o3;
export const S_IFREG = 0o100000;
export const MAY_WRITE = 2;
