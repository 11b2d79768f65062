// Which requests are refused, with which error and sentence, before anything is done for them.
// Source: doc/proto.md, "Command flags", "Request types", "Error values".

import {
  NBD_CMD_BLOCK_STATUS,
  NBD_CMD_CACHE,
  NBD_CMD_DISC,
  NBD_CMD_FLAG_DF,
  NBD_CMD_FLAG_FAST_ZERO,
  NBD_CMD_FLAG_FUA,
  NBD_CMD_FLAG_NO_HOLE,
  NBD_CMD_FLAG_PAYLOAD_LEN,
  NBD_CMD_FLAG_REQ_ONE,
  NBD_CMD_FLUSH,
  NBD_CMD_READ,
  NBD_CMD_TRIM,
  NBD_CMD_WRITE,
  NBD_CMD_WRITE_ZEROES,
  NBD_EINVAL,
  NBD_EIO,
  NBD_ENOMEM,
  NBD_ENOSPC,
  NBD_EOVERFLOW,
  NBD_EPERM,
  NBD_ESHUTDOWN,
} from "./constants.ts";
import { MAX_PAYLOAD_BYTES } from "./limits.ts";
import { EXTENDED, type ReplyMode, SIMPLE } from "./negotiated.ts";
import type { Writer } from "./writer.ts";

/** An error reply: the wire's errno, and the sentence that structured replies carry. */
export interface ErrorReply {
  readonly errno: number;
  readonly sentence: Uint8Array;
}

/** An error reply with its sentence. */
export function errorReply(errno: number, sentence: string): ErrorReply {
  return { errno, sentence: new TextEncoder().encode(sentence) };
}

const UNKNOWN_COMMAND = errorReply(NBD_EINVAL, "unknown command");
const UNKNOWN_FLAG = errorReply(
  NBD_EINVAL,
  "a flag that is unknown or does not go with the command",
);
const UNEXPECTED_PAYLOAD = errorReply(NBD_EINVAL, "the command takes no payload");
const MISSING_PAYLOAD = errorReply(NBD_EINVAL, "a write without the payload flag");
const EMPTY_RANGE = errorReply(NBD_EINVAL, "the length is 0");
const OUTSIDE = errorReply(NBD_EINVAL, "the range is not within the export");
const PAST_END = errorReply(NBD_ENOSPC, "the range is not within the export");
const TOO_LONG = errorReply(NBD_EINVAL, "the length is more than 32 MiB");
const TOO_LONG_UNFRAGMENTED = errorReply(NBD_EOVERFLOW, "the length is more than 32 MiB");
const NO_CONTEXT = errorReply(NBD_EINVAL, "no metadata context has been negotiated");
const READ_ONLY = errorReply(NBD_EPERM, "the export is read-only");

/** Answers of a later moment, kept with the others. */
export const SHUTTING_DOWN = errorReply(NBD_ESHUTDOWN, "the server is shutting down");
export const UNREADABLE_SECTOR = errorReply(NBD_EIO, "a sector cannot be read");
/** There is too little memory for a large reply, and has been for a while. */
export const NO_MEMORY = errorReply(NBD_ENOMEM, "there is no memory for the reply");
export const TIMED_OUT = errorReply(NBD_EIO, "the device has not answered in time");

/**
 * Judges a request. Past it, a range lies within the export and reads fit in the output buffer.
 * @param contextCount number of metadata contexts that the client has set.
 * @param writer what takes writes; undefined: the export is read-only.
 */
export function errorReplyTo(
  type: number,
  flags: number,
  offset: number,
  length: number,
  size: number,
  mode: ReplyMode,
  contextCount: number,
  writer: Writer | undefined,
): ErrorReply | undefined {
  const payload = (flags & NBD_CMD_FLAG_PAYLOAD_LEN) !== 0;
  const allowed = allowedFlags(type, mode);
  if (allowed < 0) return UNKNOWN_COMMAND;
  if (payload && mode === EXTENDED && type !== NBD_CMD_WRITE) return UNEXPECTED_PAYLOAD;
  if ((flags & ~allowed) !== 0) return UNKNOWN_FLAG;
  switch (type) {
    case NBD_CMD_WRITE:
      if (mode === EXTENDED && !payload) return MISSING_PAYLOAD;
      if (writer === undefined) return READ_ONLY;
      if (length > MAX_PAYLOAD_BYTES) return TOO_LONG;
      return errorReplyToRange(offset, length, size, PAST_END);
    case NBD_CMD_TRIM:
      if (writer === undefined) return READ_ONLY;
      return writer.canTrim ? errorReplyToRange(offset, length, size, OUTSIDE) : UNKNOWN_COMMAND;
    case NBD_CMD_WRITE_ZEROES:
      if (writer === undefined) return READ_ONLY;
      if ((flags & NBD_CMD_FLAG_FAST_ZERO) !== 0 && !writer.canZeroFast) return UNKNOWN_FLAG;
      return errorReplyToRange(offset, length, size, PAST_END);
    case NBD_CMD_READ:
    case NBD_CMD_CACHE:
      if (length > MAX_PAYLOAD_BYTES) {
        return (flags & NBD_CMD_FLAG_DF) !== 0 ? TOO_LONG_UNFRAGMENTED : TOO_LONG;
      }
      return errorReplyToRange(offset, length, size, OUTSIDE);
    case NBD_CMD_BLOCK_STATUS:
      return contextCount === 0 ? NO_CONTEXT : errorReplyToRange(offset, length, size, OUTSIDE);
    default:
      return undefined;
  }
}

/** The flags that a command may carry, -1 for an unknown command. FUA goes with all of them. */
function allowedFlags(type: number, mode: ReplyMode): number {
  switch (type) {
    case NBD_CMD_READ:
      return NBD_CMD_FLAG_FUA | (mode === SIMPLE ? 0 : NBD_CMD_FLAG_DF);
    case NBD_CMD_WRITE:
      return NBD_CMD_FLAG_FUA | (mode === EXTENDED ? NBD_CMD_FLAG_PAYLOAD_LEN : 0);
    case NBD_CMD_WRITE_ZEROES:
      return NBD_CMD_FLAG_FUA | NBD_CMD_FLAG_NO_HOLE | NBD_CMD_FLAG_FAST_ZERO;
    case NBD_CMD_BLOCK_STATUS:
      return NBD_CMD_FLAG_FUA | NBD_CMD_FLAG_REQ_ONE;
    case NBD_CMD_DISC:
    case NBD_CMD_FLUSH:
    case NBD_CMD_TRIM:
    case NBD_CMD_CACHE:
      return NBD_CMD_FLAG_FUA;
    default:
      return -1;
  }
}

/** An offset of 2^53 and more is not exact any more, but stays larger than any size. */
function errorReplyToRange(
  offset: number,
  length: number,
  size: number,
  outside: ErrorReply,
): ErrorReply | undefined {
  if (length === 0) return EMPTY_RANGE;
  return offset + length > size ? outside : undefined;
}
