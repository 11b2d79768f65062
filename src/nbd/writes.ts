// The requests of one session that change the export: their payloads as they arrive, and their replies.
// Source: doc/proto.md, "Request types", "Ordering of messages and writes".

import {
  NBD_CMD_FLAG_FAST_ZERO,
  NBD_CMD_FLAG_FUA,
  NBD_CMD_FLAG_NO_HOLE,
  NBD_CMD_FLUSH,
  NBD_CMD_TRIM,
  NBD_CMD_WRITE,
  NBD_CMD_WRITE_ZEROES,
} from "./constants.ts";
import type { ParkedReads } from "./parked_reads.ts";
import type { ReceivedBytes } from "./received_bytes.ts";
import type { Replies } from "./replies.ts";
import { SHUTTING_DOWN } from "./request_rules.ts";
import { refusalOfErrno } from "./write_errors.ts";
import { PENDING, type Writer } from "./writer.ts";

/** One request at a time is being received; those under way are the writer's. */
export class Writes {
  readonly #received: ReceivedBytes;
  readonly #replies: Replies;
  readonly #parked: ParkedReads;
  readonly #writer: Writer;
  // The request that is being received: its header, as numbers, and its payload.
  readonly #header = new Int32Array(4);
  #flags = 0;
  #offset = 0;
  #payload: Uint8Array | undefined;
  #arrived = 0;

  constructor(
    received: ReceivedBytes,
    replies: Replies,
    parked: ParkedReads,
    writer: Writer,
  ) {
    this.#received = received;
    this.#replies = replies;
    this.#parked = parked;
    this.#writer = writer;
  }

  /**
   * Takes over the request whose header of `headerBytes` stands at the start of what has been received, which
   * has been found good.
   * @returns false when something must end first: the request stays where it is.
   */
  begin(
    type: number,
    flags: number,
    offset: number,
    length: number,
    headerBytes: number,
  ): boolean {
    if (this.#parked.pending.full) return false;
    const payload = type === NBD_CMD_WRITE ? this.#writer.reserve(length) : undefined;
    if (type === NBD_CMD_WRITE && payload === undefined) return false;
    const { view, start } = this.#received;
    for (let index = 0; index < 4; index++) {
      this.#header[index] = view.getInt32(start + 8 + 4 * index);
    }
    this.#received.skip(headerBytes);
    this.#flags = flags;
    this.#offset = offset;
    if (payload === undefined) {
      this.#carryOut(type, length);
    } else {
      this.#payload = payload.subarray(0, length);
      this.#arrived = 0;
      this.receive(false);
    }
    return true;
  }

  /** Some of a payload has not arrived. */
  get isReceiving(): boolean {
    return this.#payload !== undefined;
  }

  /**
   * Takes what has arrived of a payload, if one is expected; a write is carried out when it is complete, or
   * refused when the session is `ending`.
   */
  receive(ending: boolean): void {
    const payload = this.#payload;
    if (payload === undefined) return;
    const received = this.#received;
    const { start } = received;
    const count = received.skip(payload.length - this.#arrived);
    payload.set(received.input.subarray(start, start + count), this.#arrived);
    this.#arrived += count;
    if (this.#arrived < payload.length) return;
    this.#payload = undefined;
    if (!ending) return this.#carryOut(NBD_CMD_WRITE, payload.length);
    this.#answering();
    this.#replies.refuse(SHUTTING_DOWN);
  }

  #carryOut(type: number, length: number): void {
    const slot = this.#parked.takeForWrite(
      this.#header[0]!,
      this.#header[1]!,
      this.#flags,
      this.#offset,
      length,
    );
    const errno = this.#request(slot, type, length);
    if (errno === PENDING) return;
    this.#parked.pending.release(slot);
    this.#answering();
    replyToWrite(this.#replies, errno);
  }

  #request(slot: number, type: number, length: number): number {
    const flags = this.#flags;
    const offset = this.#offset;
    const durable = (flags & NBD_CMD_FLAG_FUA) !== 0;
    switch (type) {
      case NBD_CMD_WRITE:
        return this.#writer.write(slot, offset, length, durable);
      case NBD_CMD_WRITE_ZEROES: {
        const mayLeaveHoles = (flags & NBD_CMD_FLAG_NO_HOLE) === 0;
        const fast = (flags & NBD_CMD_FLAG_FAST_ZERO) !== 0;
        return this.#writer.zero(slot, offset, length, durable, mayLeaveHoles, fast);
      }
      case NBD_CMD_TRIM:
        return this.#writer.trim(slot, offset, length, durable);
      default:
        return this.#writer.flush(slot);
    }
  }

  #answering(): void {
    const [cookieHigh, cookieLow, offsetHigh, offsetLow] = this.#header;
    this.#replies.answering(cookieHigh!, cookieLow!, offsetHigh!, offsetLow!);
  }
}

/** Whether a command changes the export, or makes changes durable. */
export function isWrite(type: number): boolean {
  return type === NBD_CMD_WRITE || type === NBD_CMD_WRITE_ZEROES || type === NBD_CMD_TRIM ||
    type === NBD_CMD_FLUSH;
}

/** Writes the reply to a request that has ended; `replies.answering` has been told which. */
export function replyToWrite(replies: Replies, errno: number): void {
  if (errno === 0) replies.done();
  else replies.refuse(refusalOfErrno(errno));
}
