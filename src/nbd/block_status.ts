// The reply to NBD_CMD_BLOCK_STATUS: for each chosen context the extents from the request's offset on.

import { assert } from "../base/assert.ts";
import {
  NBD_REPLY_FLAG_DONE,
  NBD_REPLY_TYPE_BLOCK_STATUS,
  NBD_REPLY_TYPE_BLOCK_STATUS_EXT,
} from "./constants.ts";
import { MAX_DESCRIBED_EXTENTS, MAX_EXTENTS } from "./limits.ts";
import type { MetaContext } from "./meta_contexts.ts";
import type { Replies } from "./replies.ts";
import { EXTENDED } from "./negotiated.ts";
import type { DescribedExtent, NbdBackend } from "./backend.ts";

/**
 * Writes one chunk a context; `replies.answering` has been told the request. Neighbouring extents differ;
 * they may end before `end`, never after it.
 * @param maxExtents 1 for NBD_CMD_FLAG_REQ_ONE.
 */
export function replyWithBlockStatus(
  replies: Replies,
  backend: NbdBackend,
  contexts: readonly MetaContext[],
  offset: number,
  end: number,
  maxExtents: number,
): void {
  const extent: DescribedExtent = { end: 0, status: 0, zero: false };
  contexts.forEach((context, index) => {
    const isLast = index === contexts.length - 1;
    writeContext(replies, backend, context, extent, offset, end, maxExtents, isLast);
  });
}

function writeContext(
  replies: Replies,
  backend: NbdBackend,
  context: MetaContext,
  extent: DescribedExtent,
  offset: number,
  end: number,
  maxExtents: number,
  isLast: boolean,
): void {
  const { view } = replies;
  const wide = replies.mode === EXTENDED;
  const headBytes = wide ? 8 : 4;
  const extentBytes = wide ? 16 : 8;
  replies.reserve(
    replies.chunkHeaderBytes + headBytes + Math.min(maxExtents, MAX_EXTENTS) * extentBytes,
  );
  const payloadAt = replies.pending + replies.chunkHeaderBytes;
  let at = payloadAt + headBytes;
  let count = 0;
  let start = offset;
  let position = offset;
  let flags = 0;
  // One extent of the map more than the one that is being merged decides where it ends.
  for (let described = 0; described < MAX_DESCRIBED_EXTENTS; described++) {
    let nextFlags = -1;
    if (position < end) {
      backend.describe(position, end, extent);
      assert(extent.end > position && extent.end <= end, "a described extent is empty or too long");
      nextFlags = context.flagsOf(extent);
    }
    if (position > start && nextFlags !== flags) {
      writeExtent(view, at, wide, position - start, flags);
      at += extentBytes;
      start = position;
      if (++count === maxExtents || count === MAX_EXTENTS) break;
    }
    if (position === end) break;
    flags = nextFlags;
    position = extent.end;
  }
  if (count === 0) {
    writeExtent(view, at, wide, position - start, flags);
    at += extentBytes;
    count = 1;
  }
  view.setUint32(payloadAt, context.id);
  if (wide) view.setUint32(payloadAt + 4, count);
  replies.chunkHeader(
    isLast ? NBD_REPLY_FLAG_DONE : 0,
    wide ? NBD_REPLY_TYPE_BLOCK_STATUS_EXT : NBD_REPLY_TYPE_BLOCK_STATUS,
    at - payloadAt,
  );
  replies.pending = at;
}

function writeExtent(
  view: DataView,
  at: number,
  wide: boolean,
  length: number,
  flags: number,
): void {
  if (!wide) {
    view.setUint32(at, length);
    view.setUint32(at + 4, flags);
    return;
  }
  view.setUint32(at, length / 2 ** 32);
  view.setUint32(at + 4, length);
  view.setUint32(at + 8, 0);
  view.setUint32(at + 12, flags);
}
