// FUSE_INIT: negotiates with the kernel after the file has been mounted.
// Source: include/uapi/linux/fuse.h, struct fuse_init_in and fuse_init_out.

import {
  FUSE_ASYNC_DIO,
  FUSE_ASYNC_READ,
  FUSE_DIRECT_IO_ALLOW_MMAP_2,
  FUSE_INIT_EXT,
  FUSE_KERNEL_MINOR_VERSION,
  FUSE_KERNEL_VERSION,
  FUSE_MAX_PAGES,
} from "./constants.ts";
import { MAX_READ_BYTES, MAX_READAHEAD_BYTES, MAX_WRITE_BYTES, PAGE_BYTES } from "./limits.ts";

/**
 * ASYNC_READ: reads through the page cache come several at a time.
 * ASYNC_DIO: direct reads that their maker does not wait for (io_uring, libaio, a loop device with direct I/O)
 * come several at a time as well. It also makes direct reads that a process does wait for uninterruptible,
 * except of files opened with FOPEN_DIRECT_IO, which is why every O_DIRECT open gets that.
 * MAX_PAGES: reads of more than 128 KiB.
 */
const WANTED = FUSE_ASYNC_READ | FUSE_ASYNC_DIO | FUSE_MAX_PAGES;
/** Files opened with FOPEN_DIRECT_IO can be mapped shared as well. */
const WANTED_2 = FUSE_DIRECT_IO_ALLOW_MMAP_2;

/** struct fuse_init_in, as far as it matters. */
export interface InitRequest {
  readonly major: number;
  readonly minor: number;
  readonly maxReadahead: number;
  readonly flags: number;
  /** 0 when `flags` lack FUSE_INIT_EXT. */
  readonly flags2: number;
}

/** struct fuse_init_out, as far as it matters. Sizes are bytes. */
export interface InitReply {
  readonly major: number;
  readonly minor: number;
  readonly maxReadahead: number;
  readonly flags: number;
  readonly flags2: number;
  readonly maxBackground: number;
  readonly congestionThreshold: number;
  readonly maxWrite: number;
  readonly maxPages: number;
}

/** Reads the request behind its header. */
export function initRequestAt(view: DataView, at: number, end: number): InitRequest {
  const flags = view.getUint32(at + 12, true);
  const extended = (flags & FUSE_INIT_EXT) !== 0 && end - at >= 20;
  return {
    major: view.getUint32(at, true),
    minor: view.getUint32(at + 4, true),
    maxReadahead: view.getUint32(at + 8, true),
    flags,
    flags2: extended ? view.getUint32(at + 16, true) : 0,
  };
}

/** True when the kernel is too old: it must be refused. */
export function isTooOld({ major, minor }: InitRequest): boolean {
  return major < FUSE_KERNEL_VERSION ||
    (major === FUSE_KERNEL_VERSION && minor < FUSE_KERNEL_MINOR_VERSION);
}

/**
 * What we agree to.
 * @param maxBackground limit on background reads (read-ahead, asynchronous ones) at a time.
 */
export function initReply(request: InitRequest, maxBackground: number): InitReply {
  return {
    major: FUSE_KERNEL_VERSION,
    minor: FUSE_KERNEL_MINOR_VERSION,
    maxReadahead: Math.min(request.maxReadahead, MAX_READAHEAD_BYTES),
    // The extension must be confirmed for flags2 to be looked at.
    flags: request.flags & (WANTED | FUSE_INIT_EXT),
    flags2: request.flags2 & WANTED_2,
    maxBackground,
    congestionThreshold: maxBackground,
    maxWrite: MAX_WRITE_BYTES,
    maxPages: MAX_READ_BYTES / PAGE_BYTES,
  };
}
