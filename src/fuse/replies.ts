// Writes replies into the output buffer, and sends them: one request, one reply, one write.
// Source: include/uapi/linux/fuse.h, the structures named fuse_..._out.

import { assert } from "../base/assert.ts";
import {
  FUSE_ATTR_OUT_BYTES,
  FUSE_INIT_OUT_BYTES,
  FUSE_OPEN_OUT_BYTES,
  FUSE_OUT_HEADER_BYTES,
  FUSE_ROOT_ID,
  FUSE_STATFS_OUT_BYTES,
  S_IFREG,
} from "./constants.ts";
import type { Counters } from "../base/counters.ts";
import type { InitReply } from "./init.ts";
import type { Kernel } from "./kernel.ts";
import { DATA_AT, OUTPUT_BYTES, PAGE_BYTES } from "./limits.ts";
import type { ShownFile } from "./shown_file.ts";

const TWO_TO_32 = 2 ** 32;
const HEADER_AT = DATA_AT - FUSE_OUT_HEADER_BYTES;
/**
 * How long the kernel may believe the attributes, seconds. They never change; but it goes on believing them
 * when this process has been killed, and a dead file should soon say so.
 */
const ATTR_VALID_SECONDS = 1;
/** Unit of `st_blocks`, bytes, for any sector size. */
const BLOCK_BYTES = 512;
const NAME_MAX = 255;

/** The replies of one session: `answering` says to which request, the others write and send. */
export class Replies {
  readonly #kernel: Kernel;
  readonly #view: DataView;
  readonly #counters: Counters | undefined;
  // The request's number is opaque: two halves, never put together.
  #uniqueHigh = 0;
  #uniqueLow = 0;
  #lane = 0;

  constructor(kernel: Kernel, counters: Counters | undefined) {
    const { buffer, byteOffset, byteLength } = kernel.output;
    assert(byteLength >= OUTPUT_BYTES, "the output buffer cannot hold the longest reply");
    this.#kernel = kernel;
    this.#view = new DataView(buffer, byteOffset, byteLength);
    this.#counters = counters;
  }

  /** The request that the next reply answers: its number, and the lane it has come by. */
  answering(uniqueHigh: number, uniqueLow: number, lane: number): void {
    this.#uniqueHigh = uniqueHigh;
    this.#uniqueLow = uniqueLow;
    this.#lane = lane;
  }

  /** A success. Its `length` bytes stand at DATA_AT already; 0 when there are none. */
  data(length: number): void {
    this.#send(0, length);
  }

  /** @param errno a positive error number. */
  error(errno: number): void {
    this.#send(-errno, 0);
  }

  /** struct fuse_init_out. */
  init(reply: InitReply): void {
    const view = this.#cleared(FUSE_INIT_OUT_BYTES);
    view.setUint32(DATA_AT, reply.major, true);
    view.setUint32(DATA_AT + 4, reply.minor, true);
    view.setUint32(DATA_AT + 8, reply.maxReadahead, true);
    view.setUint32(DATA_AT + 12, reply.flags, true);
    view.setUint16(DATA_AT + 16, reply.maxBackground, true);
    view.setUint16(DATA_AT + 18, reply.congestionThreshold, true);
    view.setUint32(DATA_AT + 20, reply.maxWrite, true);
    view.setUint32(DATA_AT + 24, 1, true); // time_gran, nanoseconds
    view.setUint16(DATA_AT + 28, reply.maxPages, true);
    view.setUint32(DATA_AT + 32, reply.flags2, true);
    this.#send(0, FUSE_INIT_OUT_BYTES);
  }

  /** struct fuse_attr_out. @param size of the file, bytes. */
  attributes(file: ShownFile, size: number): void {
    const view = this.#cleared(FUSE_ATTR_OUT_BYTES);
    const seconds = Math.floor(file.timeMs / 1000);
    const nanoseconds = Math.floor(file.timeMs % 1000) * 1e6;
    this.#set64(DATA_AT, ATTR_VALID_SECONDS);
    const at = DATA_AT + 16;
    this.#set64(at, FUSE_ROOT_ID);
    this.#set64(at + 8, size);
    this.#set64(at + 16, Math.ceil(size / BLOCK_BYTES));
    for (let stamp = 0; stamp < 3; stamp++) {
      this.#set64(at + 24 + stamp * 8, seconds);
      view.setUint32(at + 48 + stamp * 4, nanoseconds, true);
    }
    view.setUint32(at + 60, S_IFREG | file.mode, true);
    view.setUint32(at + 64, 1, true); // nlink
    view.setUint32(at + 68, file.uid, true);
    view.setUint32(at + 72, file.gid, true);
    view.setUint32(at + 80, PAGE_BYTES, true); // blksize
    this.#send(0, FUSE_ATTR_OUT_BYTES);
  }

  /** struct fuse_open_out, without a file handle. @param flags FOPEN_... */
  opened(flags: number): void {
    this.#cleared(FUSE_OPEN_OUT_BYTES).setUint32(DATA_AT + 8, flags, true);
    this.#send(0, FUSE_OPEN_OUT_BYTES);
  }

  /** struct fuse_statfs_out: a full file system with one file. */
  fileSystem(size: number): void {
    const view = this.#cleared(FUSE_STATFS_OUT_BYTES);
    this.#set64(DATA_AT, Math.ceil(size / PAGE_BYTES)); // blocks
    this.#set64(DATA_AT + 24, 1); // files
    view.setUint32(DATA_AT + 40, PAGE_BYTES, true); // bsize
    view.setUint32(DATA_AT + 44, NAME_MAX, true);
    view.setUint32(DATA_AT + 48, PAGE_BYTES, true); // frsize
    this.#send(0, FUSE_STATFS_OUT_BYTES);
  }

  #send(error: number, length: number): void {
    const view = this.#view;
    const bytes = FUSE_OUT_HEADER_BYTES + length;
    view.setUint32(HEADER_AT, bytes, true);
    view.setInt32(HEADER_AT + 4, error, true);
    view.setInt32(HEADER_AT + 8, this.#uniqueLow, true);
    view.setInt32(HEADER_AT + 12, this.#uniqueHigh, true);
    this.#counters?.add(1, bytes);
    this.#kernel.send(this.#lane, HEADER_AT, HEADER_AT + bytes);
  }

  #cleared(length: number): DataView {
    this.#kernel.output.fill(0, DATA_AT, DATA_AT + length);
    return this.#view;
  }

  #set64(at: number, value: number): void {
    this.#view.setUint32(at, value % TWO_TO_32, true);
    this.#view.setUint32(at + 4, Math.floor(value / TWO_TO_32), true);
  }
}
