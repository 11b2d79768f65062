// The reply to a read that was parked and has ended: every readable byte, and where the others are.

import { assert } from "../base/assert.ts";
import { NBD_CMD_FLAG_DF, NBD_EIO, NBD_REPLY_FLAG_DONE } from "./constants.ts";
import type { ParkedReads } from "./parked_reads.ts";
import type { Replies } from "./replies.ts";
import { SIMPLE } from "./reply_mode.ts";
import { UNREADABLE } from "./request_rules.ts";
import type { Source } from "./source.ts";

/**
 * Room in front of the data of a read with unreadable runs: an ERROR_OFFSET and a data header are 86 bytes
 * when extended. Each readable stretch moves towards the chunks before it as they are written; those
 * after the first fit in the unreadable sectors that they stand for.
 */
const CHUNKS_BYTES = 128;

/**
 * Writes the reply to the ended read `token`; `replies.answering` has been told the request.
 * Simple replies and DF allow no parts: any unreadable byte fails the whole request.
 */
export function replyToEndedRead(replies: Replies, parked: ParkedReads, token: number): void {
  const { source } = parked;
  const offset = parked.offsets[token]!;
  const length = parked.lengths[token]!;
  replies.reserve(replies.readHeaderBytes + length + 2 * CHUNKS_BYTES);
  const dataAt = replies.pending + replies.readHeaderBytes;
  const runCount = source.collect(token, dataAt, offset, length);
  if (runCount === 0) return replies.read(length);
  if (replies.mode === SIMPLE) return replies.refuse(UNREADABLE);
  if ((parked.flags[token]! & NBD_CMD_FLAG_DF) !== 0) {
    return replies.errorOffset(NBD_REPLY_FLAG_DONE, source.unreadableStart(0), NBD_EIO);
  }
  replies.output.copyWithin(replies.pending + CHUNKS_BYTES, dataAt, dataAt + length);
  writeChunks(replies, source, runCount, offset, offset + length);
}

/** Data, error, data, error ...: each readable stretch, and the start of each unreadable run. */
function writeChunks(
  replies: Replies,
  source: Source,
  runCount: number,
  offset: number,
  end: number,
): void {
  const shift = replies.pending + CHUNKS_BYTES - offset;
  let position = offset;
  for (let index = 0; index < runCount; index++) {
    const start = source.unreadableStart(index);
    writeStretch(replies, shift, position, start, 0);
    position = source.unreadableEnd(index);
    replies.errorOffset(position === end ? NBD_REPLY_FLAG_DONE : 0, start, NBD_EIO);
  }
  writeStretch(replies, shift, position, end, NBD_REPLY_FLAG_DONE);
}

/** Writes the data chunk of [start, end), whose data stands in the output at `shift` + start. */
function writeStretch(
  replies: Replies,
  shift: number,
  start: number,
  end: number,
  flags: number,
): void {
  if (start === end) return;
  replies.dataHeader(flags, start, end - start);
  assert(
    replies.pending <= shift + start,
    "an unreadable run is shorter than the chunks around it",
  );
  replies.output.copyWithin(replies.pending, shift + start, shift + end);
  replies.pending += end - start;
}
