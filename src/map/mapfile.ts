// A GNU ddrescue mapfile in memory. The grammar is in mapfile_parser.ts, the layout in
// mapfile_formatter.ts.

import { MOST_TRANSITIONS } from "./map_room.ts";
import type { MapSnapshot } from "./map_snapshot.ts";

export { encodeMapfile, formatMapfile, type MapfileHeading } from "./mapfile_formatter.ts";
export { parseMapfile, type ParseOptions } from "./mapfile_parser.ts";
export { MapfileError } from "./mapfile_error.ts";

/**
 * A mapfile's blocks and what goes with them. `size` is the end of the last block. Unlike the extents of a map
 * in memory the blocks may begin above 0 (the bytes before are non-tried), and there may be none.
 */
export interface Mapfile extends MapSnapshot {
  /** Comments that neither ddrescue nor blkcache made, each with its `#`, in order. */
  readonly comments: readonly string[];
  /**
   * The ends of the last block and of the last finished one, where a number cannot hold one of them: positions
   * and `size` are cut at the largest safe integer then. No device is that large.
   */
  readonly exactEnds?: { readonly size: bigint; readonly finished: bigint };
  /** What the comments `## blkcache: key=value` say. */
  readonly settings: ReadonlyMap<string, string>;
}

/** The longest line of a block: two numbers below 2^53 in hexadecimal, blanks, a status, a line break. */
const LINE_BYTES = "0x1FFFFFFFFFFFFF  0x1FFFFFFFFFFFFF  ?\n".length;
/** Room for comments, which people and other programs may have added. */
const COMMENT_BYTES = 2 ** 20;

/** The longest mapfile that is read, bytes: as many blocks as a map in memory can hold. */
export const MOST_MAPFILE_BYTES = MOST_TRANSITIONS * LINE_BYTES + COMMENT_BYTES;
