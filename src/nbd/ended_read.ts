// The reply to a read that was parked and has ended: every readable byte, and where the others are.

import { NBD_CMD_FLAG_DF, NBD_EIO, NBD_REPLY_FLAG_DONE } from "./constants.ts";
import type { ParkedReads } from "./parked_reads.ts";
import type { Replies } from "./replies.ts";
import { SIMPLE } from "./negotiated.ts";
import { NO_MEMORY, SHUTTING_DOWN, UNREADABLE_SECTOR } from "./request_rules.ts";
import type { NbdBackend } from "./backend.ts";
import { replyToWrite } from "./writes.ts";

/** Bytes of an ERROR_OFFSET chunk and of the header of the data behind it, when extended. */
const CHUNK_PAIR_BYTES = 32 + 14 + 32 + 8;

/**
 * Room in front of the data of a read with unreadable extents. Each readable stretch moves towards the chunks
 * before it as they are written, for which an unreadable sector has room. This is for shorter runs: at the
 * start of a request, and where a mapfile has odd boundaries.
 */
const CHUNKS_BYTES = 4096;

/**
 * Writes the reply to the ended read (or write) `slot`; `replies.answering` has been told the request.
 * Simple replies and DF allow no parts: any unreadable byte fails the whole request. Blocks only while the
 * client is slow to take replies.
 */
export function replyToEndedRead(replies: Replies, parked: ParkedReads, slot: number): void {
  const { backend } = parked;
  if (parked.isWrite[slot] === 1) return replyToWrite(replies, backend.writer!.outcome(slot));
  const offset = parked.pending.offsets[slot]!;
  const length = parked.pending.lengths[slot]!;
  replies.reserve(replies.readHeaderBytes + length + 2 * CHUNKS_BYTES);
  const file = replies.fileOf(backend, offset, length);
  if (file >= 0) return replies.readFile(file, offset, length);
  if (!replies.makeRoom(replies.readHeaderBytes + length + 2 * CHUNKS_BYTES)) {
    return replies.refuse(NO_MEMORY);
  }
  const dataAt = replies.pending + replies.readHeaderBytes;
  const extentCount = backend.collect(slot, dataAt, offset, length);
  if (extentCount === 0) return replies.read(length);
  // The device has gone, or the run is over: that says nothing about what could not be read.
  if (backend.ending) return replies.refuse(SHUTTING_DOWN);
  if (replies.mode === SIMPLE) return replies.refuse(UNREADABLE_SECTOR);
  const fragments = (parked.flags[slot]! & NBD_CMD_FLAG_DF) === 0;
  if (!fragments || !chunksFit(backend, extentCount)) {
    return replies.errorOffset(NBD_REPLY_FLAG_DONE, backend.unreadableStart(0), NBD_EIO);
  }
  replies.output.copyWithin(replies.pending + CHUNKS_BYTES, dataAt, dataAt + length);
  writeChunks(replies, backend, extentCount, offset, offset + length);
}

/** Data, error, data, error ...: each readable stretch, and the start of each unreadable extent. */
function writeChunks(
  replies: Replies,
  backend: NbdBackend,
  extentCount: number,
  offset: number,
  end: number,
): void {
  const shift = replies.pending + CHUNKS_BYTES - offset;
  let position = offset;
  for (let index = 0; index < extentCount; index++) {
    const start = backend.unreadableStart(index);
    writeStretch(replies, shift, position, start, 0);
    position = backend.unreadableEnd(index);
    replies.errorOffset(position === end ? NBD_REPLY_FLAG_DONE : 0, start, NBD_EIO);
  }
  writeStretch(replies, shift, position, end, NBD_REPLY_FLAG_DONE);
}

/** False when the chunks would overtake the data behind them, which takes dozens of tiny runs. */
function chunksFit(backend: NbdBackend, extentCount: number): boolean {
  let room = CHUNKS_BYTES - CHUNK_PAIR_BYTES;
  for (let index = 0; index < extentCount; index++) {
    room += backend.unreadableEnd(index) - backend.unreadableStart(index) - CHUNK_PAIR_BYTES;
    if (room < 0) return false;
  }
  return true;
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
  replies.output.copyWithin(replies.pending, shift + start, shift + end);
  replies.pending += end - start;
}
