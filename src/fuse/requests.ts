// Answers one request of the kernel, or parks it. READ is the hot path: no promise, closure or allocation.
// Source: include/uapi/linux/fuse.h, the structures named fuse_..._in.

import { assert } from "../base/assert.ts";
import {
  EINTR,
  EINVAL,
  ENOSYS,
  ENOTDIR,
  ENOTTY,
  EPROTO,
  EROFS,
  FOPEN_DIRECT_IO,
  FOPEN_KEEP_CACHE,
  FUSE_ACCESS,
  FUSE_BATCH_FORGET,
  FUSE_COPY_FILE_RANGE,
  FUSE_CREATE,
  FUSE_DESTROY,
  FUSE_FALLOCATE,
  FUSE_FORGET,
  FUSE_FSYNC,
  FUSE_GETATTR,
  FUSE_IN_HEADER_BYTES,
  FUSE_INIT,
  FUSE_INTERRUPT,
  FUSE_IOCTL,
  FUSE_LINK,
  FUSE_LOOKUP,
  FUSE_MKDIR,
  FUSE_MKNOD,
  FUSE_NOTIFY_REPLY,
  FUSE_OPEN,
  FUSE_OPENDIR,
  FUSE_READ,
  FUSE_READDIR,
  FUSE_READDIRPLUS,
  FUSE_READLINK,
  FUSE_RELEASE,
  FUSE_REMOVEXATTR,
  FUSE_RENAME,
  FUSE_RENAME2,
  FUSE_RMDIR,
  FUSE_SETATTR,
  FUSE_SETXATTR,
  FUSE_STATFS,
  FUSE_SYMLINK,
  FUSE_TMPFILE,
  FUSE_UNLINK,
  FUSE_WRITE,
  MAY_WRITE,
  O_ACCMODE,
} from "./constants.ts";
import { initReply, initRequestAt, isTooOld } from "./init.ts";
import type { Interrupts } from "./interrupts.ts";
import { type Kernel, Unmounted } from "./kernel.ts";
import { DATA_AT, INPUT_BYTES, MAX_READ_BYTES } from "./limits.ts";
import type { ParkedReads } from "./parked_reads.ts";
import type { Replies } from "./replies.ts";
import type { MountOptions, ShownFile } from "./shown_file.ts";
import type { Backend } from "../base/backend.ts";

const TWO_TO_32 = 2 ** 32;
/** Where a request's own structure begins. */
const BODY_AT = FUSE_IN_HEADER_BYTES;

/** The requests of one session's thread. */
export class Requests {
  readonly #kernel: Kernel;
  readonly #view: DataView;
  readonly #replies: Replies;
  readonly #file: ShownFile;
  readonly #parked: ParkedReads;
  readonly #backend: Backend;
  readonly #interrupts: Interrupts;
  readonly #options: MountOptions;
  readonly #deadline: () => number;

  /** @param deadline says when a read that is parked now is overdue, in milliseconds. */
  constructor(
    kernel: Kernel,
    replies: Replies,
    file: ShownFile,
    parked: ParkedReads,
    interrupts: Interrupts,
    options: MountOptions,
    deadline: () => number,
  ) {
    const { buffer, byteOffset, byteLength } = kernel.input;
    assert(byteLength >= INPUT_BYTES, "the input buffer cannot hold the longest request");
    this.#kernel = kernel;
    this.#view = new DataView(buffer, byteOffset, byteLength);
    this.#replies = replies;
    this.#file = file;
    this.#parked = parked;
    this.#backend = parked.backend;
    this.#interrupts = interrupts;
    this.#options = options;
    this.#deadline = deadline;
  }

  /**
   * Deals with the request of `length` bytes in the input. `parked` must not be full. Does not block.
   * @throws {Unmounted} when this thread is to leave.
   */
  handle(length: number): void {
    assert(length >= BODY_AT, "the kernel has sent less than a header");
    const view = this.#view;
    const opcode = view.getUint32(4, true);
    this.#replies.answering(view.getInt32(12, true), view.getInt32(8, true), this.#kernel.lane);
    if (opcode === FUSE_READ) this.#read();
    else this.#answerOther(opcode, length);
  }

  /** struct fuse_read_in. The file handle is not looked at: all are the same. */
  #read(): void {
    const view = this.#view;
    const backend = this.#backend;
    const offset = view.getUint32(BODY_AT + 8, true) +
      view.getUint32(BODY_AT + 12, true) * TWO_TO_32;
    const asked = view.getUint32(BODY_AT + 16, true);
    if (asked > MAX_READ_BYTES) return this.#replies.error(EINVAL);
    // Held: see `serveMount`.
    if (backend.ending) return;
    // A short reply means the end of the file, and nothing else may be one.
    const length = Math.min(asked, backend.size - offset);
    if (length <= 0) return this.#replies.data(0);
    if (backend.readCached(DATA_AT, offset, length)) this.#replies.data(length);
    else this.#park(offset, length);
    backend.noteRead(offset, length);
  }

  #park(offset: number, length: number): void {
    const high = this.#view.getInt32(12, true);
    const low = this.#view.getInt32(8, true);
    this.#parked.park(high, low, this.#kernel.lane, offset, length, this.#deadline());
  }

  #answerOther(opcode: number, length: number): void {
    const replies = this.#replies;
    switch (opcode) {
      case FUSE_FORGET:
      case FUSE_BATCH_FORGET:
        return;
      case FUSE_NOTIFY_REPLY:
        if (this.#backend.ending) throw new Unmounted();
        return;
      case FUSE_INTERRUPT:
        return this.#interrupt();
      case FUSE_INIT:
        return this.#init(length);
      case FUSE_GETATTR:
        return replies.attributes(this.#file, this.#backend.size);
      case FUSE_OPEN:
        return this.#open();
      case FUSE_STATFS:
        return replies.fileSystem(this.#backend.size);
      case FUSE_ACCESS:
        if ((this.#view.getUint32(BODY_AT, true) & MAY_WRITE) !== 0) return replies.error(EROFS);
        return replies.data(0);
      case FUSE_RELEASE:
      case FUSE_FSYNC:
      case FUSE_DESTROY:
        return replies.data(0);
      default:
        return replies.error(errorOf(opcode));
    }
  }

  /** struct fuse_interrupt_in: a program that waits for a read got a signal. It takes no reply. */
  #interrupt(): void {
    const low = this.#view.getInt32(BODY_AT, true);
    const high = this.#view.getInt32(BODY_AT + 4, true);
    if (this.interrupted(high, low)) return;
    // Another thread has the read, or had it.
    this.#interrupts.post(high, low);
    this.#kernel.callOthers();
  }

  /** Answers an interrupted read. @returns false when it is not parked here. */
  interrupted(high: number, low: number): boolean {
    const slot = this.#parked.find(high, low);
    if (slot < 0) return false;
    this.refuse(slot, EINTR);
    return true;
  }

  /** Answers a parked read before it has ended; its slot stays taken until the device is done with it. */
  refuse(slot: number, errno: number): void {
    const { uniqueHigh, uniqueLow, lanes } = this.#parked;
    this.#parked.pending.abandon(slot);
    this.#replies.answering(uniqueHigh[slot]!, uniqueLow[slot]!, lanes[slot]!);
    this.#replies.error(errno);
  }

  #init(length: number): void {
    const request = initRequestAt(this.#view, BODY_AT, length);
    const tooOld = isTooOld(request);
    if (tooOld) this.#replies.error(EPROTO);
    else this.#replies.init(initReply(request, this.#options.maxBackground));
    this.#options.negotiated?.(!tooOld);
  }

  /**
   * struct fuse_open_in. Whether reads go through the kernel's page cache is settled here, for as long as
   * the file is open.
   *
   * While anything is missing or bad they do not: the page cache fails and waits for whole pages, not
   * sectors; it reads ahead, which a sick device should be spared; and each page stands in memory for the
   * second time, the image's own pages being the first. Once the device is complete it is a gain, as nothing
   * can fail and nothing changes.
   *
   * O_DIRECT opens never go through it, but are marked all the same: the kernel then lets a signal interrupt
   * reads that a program waits for (see FUSE_ASYNC_DIO in init.ts).
   *
   * KEEP_CACHE always: pages hold good bytes or are not there.
   */
  #open(): void {
    const flags = this.#view.getUint32(BODY_AT, true);
    if ((flags & O_ACCMODE) !== 0) return this.#replies.error(EROFS);
    const cached = (flags & this.#options.directFlag) === 0 && this.#file.isComplete();
    this.#replies.opened(cached ? FOPEN_KEEP_CACHE : FOPEN_KEEP_CACHE | FOPEN_DIRECT_IO);
  }
}

/** The error of what cannot be had. */
function errorOf(opcode: number): number {
  switch (opcode) {
    case FUSE_SETATTR:
    case FUSE_SYMLINK:
    case FUSE_MKNOD:
    case FUSE_MKDIR:
    case FUSE_UNLINK:
    case FUSE_RMDIR:
    case FUSE_RENAME:
    case FUSE_RENAME2:
    case FUSE_LINK:
    case FUSE_WRITE:
    case FUSE_SETXATTR:
    case FUSE_REMOVEXATTR:
    case FUSE_CREATE:
    case FUSE_TMPFILE:
    case FUSE_FALLOCATE:
    case FUSE_COPY_FILE_RANGE:
      return EROFS;
    case FUSE_LOOKUP:
    case FUSE_OPENDIR:
    case FUSE_READDIR:
    case FUSE_READDIRPLUS:
      return ENOTDIR;
    case FUSE_READLINK:
      return EINVAL;
    // What a tool that takes the file for a device expects of one.
    case FUSE_IOCTL:
      return ENOTTY;
    // FLUSH, GETXATTR, LISTXATTR, LSEEK, POLL...: the kernel does without, and asks no more.
    default:
      return ENOSYS;
  }
}
