// Writes transmission replies into the peer's output buffer, behind each other, until they are sent.
// Source: doc/proto.md, "Simple reply message", "Structured reply chunk message" and the extended ones.

import {
  NBD_EXTENDED_REPLY_MAGIC,
  NBD_REPLY_FLAG_DONE,
  NBD_REPLY_TYPE_ERROR,
  NBD_REPLY_TYPE_ERROR_OFFSET,
  NBD_REPLY_TYPE_NONE,
  NBD_REPLY_TYPE_OFFSET_DATA,
  NBD_SIMPLE_REPLY_MAGIC,
  NBD_STRUCTURED_REPLY_MAGIC,
} from "./constants.ts";
import type { Counters } from "../base/counters.ts";
import { LARGE_REPLY_BYTES, SEND_FILE_BYTES, SEND_THRESHOLD_BYTES } from "./limits.ts";
import type { Peer } from "./peer.ts";
import { EXTENDED, type ReplyMode, SIMPLE } from "./negotiated.ts";
import { type ErrorReply, NO_MEMORY } from "./request_rules.ts";
import type { NbdBackend } from "./backend.ts";

const SIMPLE_HEADER_BYTES = 16;
const STRUCTURED_HEADER_BYTES = 20;
const EXTENDED_HEADER_BYTES = 32;

/** The replies of one session: `answering` says to which request, the others write. */
export class Replies {
  readonly mode: ReplyMode;
  readonly output: Uint8Array;
  readonly view: DataView;
  /** Bytes of a chunk's header in this mode. */
  readonly chunkHeaderBytes: number;
  /** Bytes in front of the data of a read that succeeds. */
  readonly readHeaderBytes: number;
  /** End of the replies that have not been sent, and where the next one begins. */
  pending = 0;
  readonly #peer: Peer;
  readonly #counters: Counters | undefined;
  /** Requests answered since the last send. */
  #requests = 0;
  // 64-bit fields are kept as two signed halves, which V8 neither rounds nor allocates.
  #cookieHigh = 0;
  #cookieLow = 0;
  #offsetHigh = 0;
  #offsetLow = 0;

  constructor(peer: Peer, mode: ReplyMode, counters: Counters | undefined) {
    const { buffer, byteOffset, byteLength } = peer.output;
    this.#peer = peer;
    this.#counters = counters;
    this.mode = mode;
    this.output = peer.output;
    this.view = new DataView(buffer, byteOffset, byteLength);
    this.chunkHeaderBytes = mode === EXTENDED ? EXTENDED_HEADER_BYTES : STRUCTURED_HEADER_BYTES;
    this.readHeaderBytes = mode === SIMPLE ? SIMPLE_HEADER_BYTES : this.chunkHeaderBytes + 8;
  }

  /** The request that the next replies answer: its cookie, and its offset, which extended headers repeat. */
  answering(cookieHigh: number, cookieLow: number, offsetHigh: number, offsetLow: number): void {
    this.#cookieHigh = cookieHigh;
    this.#cookieLow = cookieLow;
    this.#offsetHigh = offsetHigh;
    this.#offsetLow = offsetLow;
  }

  /** Sends the pending replies. Blocks while the client is slow. @throws {PeerGone} */
  send(): void {
    const end = this.pending;
    if (end === 0) return;
    this.#count();
    this.#peer.send(0, end);
  }

  /** Marks the pending replies as sent. */
  #count(): void {
    this.#counters?.add(this.#requests, this.pending);
    this.#requests = 0;
    this.pending = 0;
  }

  /** The file that a cached range is best sent from, or -1: for `readFile`. */
  fileOf(backend: NbdBackend, offset: number, length: number): number {
    if (length < SEND_FILE_BYTES || this.#peer.sendFile === undefined) return -1;
    return backend.fileOf?.(offset, length) ?? -1;
  }

  /** Sends when much is pending. Blocks as `send` does. */
  sendMuch(): void {
    if (this.pending >= SEND_THRESHOLD_BYTES) this.send();
  }

  /** Makes room for `length` bytes, by sending if need be. */
  reserve(length: number): void {
    if (this.pending + length > this.output.length) this.send();
  }

  /** Reserves `length` bytes behind the pending replies. @returns false: too little memory. */
  makeRoom(length: number): boolean {
    const bytes = this.pending + length;
    return bytes <= LARGE_REPLY_BYTES || (this.#peer.makeRoom?.(bytes) ?? true);
  }

  /** Replies to a read when all of it is cached. @returns false when it is not; nothing is pending of it then. */
  readCached(backend: NbdBackend, offset: number, length: number): boolean {
    this.reserve(this.readHeaderBytes + length);
    const fd = this.fileOf(backend, offset, length);
    if (fd >= 0) {
      this.readFile(fd, offset, length);
      return true;
    }
    if (length > LARGE_REPLY_BYTES) return this.#readLarge(backend, offset, length);
    if (!backend.readCached(this.pending + this.readHeaderBytes, offset, length)) return false;
    this.read(length);
    return true;
  }

  /** The same for a read that needs memory, which none that has to wait for the device may keep meanwhile. */
  #readLarge(backend: NbdBackend, offset: number, length: number): boolean {
    if (backend.isCached?.(offset, length) === false) return false;
    if (!this.makeRoom(this.readHeaderBytes + length)) {
      this.refuse(NO_MEMORY);
      return true;
    }
    if (backend.readCached(this.pending + this.readHeaderBytes, offset, length)) {
      this.read(length);
      return true;
    }
    this.send();
    this.#peer.giveRoomBack?.();
    return false;
  }

  /**
   * The reply to a read of the whole request's range. Its data already stands `readHeaderBytes` behind
   * `pending`.
   */
  read(length: number): void {
    const at = this.pending;
    if (this.mode === SIMPLE) {
      this.#simpleHeader(0);
    } else {
      this.chunkHeader(NBD_REPLY_FLAG_DONE, NBD_REPLY_TYPE_OFFSET_DATA, length + 8);
      this.view.setInt32(at + this.chunkHeaderBytes, this.#offsetHigh);
      this.view.setInt32(at + this.chunkHeaderBytes + 4, this.#offsetLow);
    }
    this.pending = at + this.readHeaderBytes + length;
  }

  /** The same with the data of a file, which is sent at once, as is all that is pending. Blocks as `send`. */
  readFile(fd: number, offset: number, length: number): void {
    this.read(length);
    const end = this.pending - length;
    this.#count();
    this.#peer.send(0, end, true);
    this.#peer.sendFile!(fd, offset, length);
  }

  /** A success without data. */
  done(): void {
    this.reserve(this.chunkHeaderBytes);
    if (this.mode === SIMPLE) {
      this.#simpleHeader(0);
      this.pending += SIMPLE_HEADER_BYTES;
    } else {
      this.chunkHeader(NBD_REPLY_FLAG_DONE, NBD_REPLY_TYPE_NONE, 0);
      this.pending += this.chunkHeaderBytes;
    }
  }

  /** A failure of the whole request. */
  refuse(refusal: ErrorReply): void {
    const { errno, sentence } = refusal;
    this.reserve(this.chunkHeaderBytes + 6 + sentence.length);
    if (this.mode === SIMPLE) {
      this.#simpleHeader(errno);
      this.pending += SIMPLE_HEADER_BYTES;
      return;
    }
    this.chunkHeader(NBD_REPLY_FLAG_DONE, NBD_REPLY_TYPE_ERROR, 6 + sentence.length);
    const at = this.pending + this.chunkHeaderBytes;
    this.view.setInt32(at, errno);
    this.view.setInt16(at + 4, sentence.length);
    this.output.set(sentence, at + 6);
    this.pending = at + 6 + sentence.length;
  }

  /** The header of an OFFSET_DATA chunk of `length` bytes; `pending` moves to where its data belongs. */
  dataHeader(flags: number, offset: number, length: number): void {
    this.chunkHeader(flags, NBD_REPLY_TYPE_OFFSET_DATA, length + 8);
    this.#offset(this.pending + this.chunkHeaderBytes, offset);
    this.pending += this.chunkHeaderBytes + 8;
  }

  /** An ERROR_OFFSET chunk; without a sentence, since a reply may hold thousands of them. */
  errorOffset(flags: number, offset: number, errno: number): void {
    this.chunkHeader(flags, NBD_REPLY_TYPE_ERROR_OFFSET, 14);
    const at = this.pending + this.chunkHeaderBytes;
    this.view.setInt32(at, errno);
    this.view.setInt16(at + 4, 0);
    this.#offset(at + 6, offset);
    this.pending = at + 14;
  }

  /** A chunk's header at `pending`, which stays: the payload has been written behind it, or will be. */
  chunkHeader(flags: number, type: number, length: number): void {
    const { view, pending: at } = this;
    // Each request has exactly one last chunk.
    this.#requests += flags & NBD_REPLY_FLAG_DONE;
    view.setInt32(at + 4, (flags << 16) | type);
    view.setInt32(at + 8, this.#cookieHigh);
    view.setInt32(at + 12, this.#cookieLow);
    if (this.mode === EXTENDED) {
      view.setInt32(at, NBD_EXTENDED_REPLY_MAGIC);
      view.setInt32(at + 16, this.#offsetHigh);
      view.setInt32(at + 20, this.#offsetLow);
      view.setInt32(at + 24, 0);
      view.setInt32(at + 28, length);
    } else {
      view.setInt32(at, NBD_STRUCTURED_REPLY_MAGIC);
      view.setInt32(at + 16, length);
    }
  }

  #simpleHeader(errno: number): void {
    const { view, pending: at } = this;
    this.#requests++;
    view.setInt32(at, NBD_SIMPLE_REPLY_MAGIC);
    view.setInt32(at + 4, errno);
    view.setInt32(at + 8, this.#cookieHigh);
    view.setInt32(at + 12, this.#cookieLow);
  }

  /** setInt32 takes a number modulo 2^32, so both halves come out right. */
  #offset(at: number, offset: number): void {
    this.view.setInt32(at, offset / 2 ** 32);
    this.view.setInt32(at + 4, offset);
  }
}
