// Answers the requests that have arrived: the hot path of a session.
//
// One receive picks up many requests. A cached read is answered where it stands: header and data go into
// the output buffer behind the replies before it, without a promise, a closure or an allocation. A read
// that is not cached is parked, and the next request has its turn.
// Source: doc/proto.md, "Request message", "Request types".

import { replyWithBlockStatus } from "./block_status.ts";
import {
  commandName,
  NBD_CMD_BLOCK_STATUS,
  NBD_CMD_CACHE,
  NBD_CMD_DISC,
  NBD_CMD_FLAG_PAYLOAD_LEN,
  NBD_CMD_FLAG_REQ_ONE,
  NBD_CMD_READ,
  NBD_CMD_WRITE,
  NBD_EXTENDED_REQUEST_MAGIC,
  NBD_REQUEST_MAGIC,
} from "./constants.ts";
import { MAX_DROPPED_PAYLOAD_BYTES, MAX_EXTENTS, MAX_PAYLOAD_BYTES } from "./limits.ts";
import { EXTENDED, type Negotiated } from "./negotiated.ts";
import type { ParkedReads } from "./parked_reads.ts";
import { ProtocolError } from "./session_end.ts";
import type { ReceivedBytes } from "./received_bytes.ts";
import { RefusedPayload } from "./refused_payload.ts";
import type { Replies } from "./replies.ts";
import { type ErrorReply, errorReplyTo, SHUTTING_DOWN } from "./request_rules.ts";
import type { NbdBackend } from "./backend.ts";
import { isWrite, Writes } from "./writes.ts";

const TWO_TO_32 = 2 ** 32;

/** The rest of a message has not arrived yet. */
export const HUNGRY = 0;
/** All slots are taken: the request stays where it is. */
export const FULL = 1;
/** The client has said good-bye; its NBD_CMD_DISC stays where it is. */
export const LEFT = 2;
/** Why no more requests can be answered for now. */
export type Pause = typeof HUNGRY | typeof FULL | typeof LEFT;

/** The requests of one session. Replies become pending in `replies`, or are sent when they are many. */
export class Requests {
  /** True: every request is answered with ESHUTDOWN. */
  ending = false;
  readonly #received: ReceivedBytes;
  readonly #replies: Replies;
  readonly #parked: ParkedReads;
  readonly #backend: NbdBackend;
  readonly #negotiated: Negotiated;
  readonly #deadline: () => number;
  readonly #extended: boolean;
  readonly #requestBytes: number;
  readonly #refusedPayload = new RefusedPayload();
  /** Undefined when the export is read-only. */
  readonly #writes: Writes | undefined;

  /** @param deadline says when a read that is parked now is overdue, in milliseconds. */
  constructor(
    received: ReceivedBytes,
    replies: Replies,
    parked: ParkedReads,
    negotiated: Negotiated,
    deadline: () => number,
  ) {
    this.#received = received;
    this.#replies = replies;
    this.#parked = parked;
    this.#backend = parked.backend;
    this.#negotiated = negotiated;
    this.#deadline = deadline;
    this.#extended = negotiated.mode === EXTENDED;
    this.#requestBytes = this.#extended ? 32 : 28;
    const { writer } = this.#backend;
    this.#writes = writer && new Writes(received, replies, parked, writer);
  }

  /** True when nothing of a message has arrived whose rest is to come. */
  get isBetween(): boolean {
    return this.#received.length === 0 && !this.#refusedPayload.isExpected &&
      !this.#writes?.isReceiving;
  }

  /**
   * Answers or parks each request that has arrived whole. Blocks only while the client is slow to take
   * replies.
   * @throws {ProtocolError} when the bytes are no request.
   * @throws {PeerGone}
   */
  answer(): Pause {
    const received = this.#received;
    const replies = this.#replies;
    this.#refusedPayload.drop(received, replies);
    this.#writes?.receive(this.ending);
    const backend = this.#backend;
    const { size } = backend;
    const { view, end } = received;
    const extended = this.#extended;
    const requestBytes = this.#requestBytes;
    const magic = extended ? NBD_EXTENDED_REQUEST_MAGIC : NBD_REQUEST_MAGIC;
    let at = received.start;
    while (end - at >= requestBytes) {
      if (view.getUint32(at) !== magic) {
        throw new ProtocolError("a request begins with a wrong magic number");
      }
      const flagsAndType = view.getUint32(at + 4);
      const offset = view.getUint32(at + 16) * TWO_TO_32 + view.getUint32(at + 20);
      const length = extended
        ? view.getUint32(at + 24) * TWO_TO_32 + view.getUint32(at + 28)
        : view.getUint32(at + 24);
      replies.answering(
        view.getInt32(at + 8),
        view.getInt32(at + 12),
        view.getInt32(at + 16),
        view.getInt32(at + 20),
      );
      if (
        flagsAndType === NBD_CMD_READ && length > 0 && length <= MAX_PAYLOAD_BYTES &&
        offset + length <= size && !this.ending
      ) {
        if (replies.readCached(backend, offset, length)) {
          replies.sendMuch();
        } else if (!this.#park(0, at, offset, length)) {
          received.start = at;
          return FULL;
        }
        backend.noteRead(offset, length);
        at += requestBytes;
        continue;
      }
      received.start = at;
      const pause = this.#answerOther(flagsAndType >>> 16, flagsAndType & 0xffff, offset, length);
      if (pause !== undefined) return pause;
      replies.sendMuch();
      at = received.start;
    }
    received.start = at;
    return HUNGRY;
  }

  /**
   * Deals with the request at the start of what has been received, which is no read, or one with flags, or
   * one that cannot be had.
   * @returns undefined when the next one can be looked at.
   */
  #answerOther(flags: number, type: number, offset: number, length: number): Pause | undefined {
    if (type === NBD_CMD_DISC) return LEFT;
    const { mode, contexts } = this.#negotiated;
    const refusal = this.ending ? SHUTTING_DOWN : errorReplyTo(
      type,
      flags,
      offset,
      length,
      this.#backend.size,
      mode,
      contexts.length,
      this.#backend.writer,
    );
    if (refusal !== undefined) {
      this.#refuse(refusal, flags, type, length);
      return undefined;
    }
    if (this.#writes !== undefined && isWrite(type)) {
      return this.#writes.begin(type, flags, offset, length, this.#requestBytes) ? undefined : FULL;
    }
    switch (type) {
      case NBD_CMD_READ:
        if (!this.#read(flags, offset, length)) return FULL;
        break;
      case NBD_CMD_BLOCK_STATUS: {
        const maxExtents = (flags & NBD_CMD_FLAG_REQ_ONE) !== 0 ? 1 : MAX_EXTENTS;
        const end = offset + length;
        replyWithBlockStatus(this.#replies, this.#backend, contexts, offset, end, maxExtents);
        break;
      }
      case NBD_CMD_CACHE:
        // Answered before the work is done, as the specification allows.
        this.#backend.prefetch(offset, length);
        this.#replies.done();
        break;
      default:
        // NBD_CMD_FLUSH: nothing is ever written to a read-only export.
        this.#replies.done();
    }
    this.#received.skip(this.#requestBytes);
    return undefined;
  }

  /** A read with flags: from the cache, or parked. @returns false when all slots are taken. */
  #read(flags: number, offset: number, length: number): boolean {
    const hit = this.#replies.readCached(this.#backend, offset, length);
    if (!hit && !this.#park(flags, this.#received.start, offset, length)) return false;
    this.#backend.noteRead(offset, length);
    return true;
  }

  /** Parks the read whose request stands at `at`. @returns false when all slots are taken. */
  #park(flags: number, at: number, offset: number, length: number): boolean {
    if (this.#parked.pending.full) return false;
    const { view } = this.#received;
    const cookieHigh = view.getInt32(at + 8);
    const cookieLow = view.getInt32(at + 12);
    this.#parked.park(cookieHigh, cookieLow, flags, offset, length, this.#deadline());
    return true;
  }

  #refuse(refusal: ErrorReply, flags: number, type: number, length: number): void {
    const received = this.#received;
    const at = received.start;
    received.skip(this.#requestBytes);
    const hasPayload = this.#extended
      ? (flags & NBD_CMD_FLAG_PAYLOAD_LEN) !== 0
      : type === NBD_CMD_WRITE;
    if (!hasPayload) return this.#replies.refuse(refusal);
    const longest = this.#extended ? MAX_DROPPED_PAYLOAD_BYTES : MAX_PAYLOAD_BYTES;
    if (length > longest) {
      throw new ProtocolError(
        `${commandName(type)} with a payload of ${length} bytes, more than ${longest}`,
      );
    }
    this.#refusedPayload.begin(received.view, at, length, refusal);
    this.#refusedPayload.drop(received, this.#replies);
  }
}
