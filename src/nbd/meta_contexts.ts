// The metadata contexts of NBD_OPT_*_META_CONTEXT and NBD_CMD_BLOCK_STATUS, and the flags of their extents.
//
// base:allocation: NBD_STATE_HOLE | NBD_STATE_ZERO where the map says finished and the image has a hole;
// 0 everywhere else. Unread areas must not look like zeros: clients would copy zeros
// without an error.
//
// x-blkcache:state: what blkcache knows of the extent, the number of the map's status:
//     0 non-tried   1 failed, non-trimmed   2 failed, non-scraped   3 bad sector   4 finished
// plus STATE_ZERO (8) where a finished extent reads as zeros. Other bits are reserved.

import { FINISHED } from "../map/statuses.ts";
import { NBD_STATE_HOLE, NBD_STATE_ZERO } from "./constants.ts";
import type { DescribedExtent } from "./backend.ts";

/** Bit of x-blkcache:state: the extent is finished and reads as zeros. */
export const STATE_ZERO = 8;

/** A context: `id` stands for it on the wire and is never 0, which LIST replies carry. */
export interface MetaContext {
  readonly id: number;
  readonly name: string;
  /** The descriptor's flags for an extent of the map. */
  flagsOf(extent: DescribedExtent): number;
}

const BASE_ALLOCATION: MetaContext = {
  id: 1,
  name: "base:allocation",
  flagsOf: (extent) =>
    extent.status === FINISHED && extent.zero ? NBD_STATE_HOLE | NBD_STATE_ZERO : 0,
};

const BLKCACHE_STATE: MetaContext = {
  id: 2,
  name: "x-blkcache:state",
  flagsOf: (extent) => extent.status | (extent.status === FINISHED && extent.zero ? STATE_ZERO : 0),
};

/** All that there are. */
export const META_CONTEXTS: readonly MetaContext[] = [BASE_ALLOCATION, BLKCACHE_STATE];

/** Contexts for NBD_OPT_LIST_META_CONTEXT: all without a query; "base:" stands for its whole namespace. */
export function listContexts(queries: readonly string[]): readonly MetaContext[] {
  if (queries.length === 0) return META_CONTEXTS;
  return META_CONTEXTS.filter(({ name }) =>
    queries.includes(name) || queries.includes(name.slice(0, name.indexOf(":") + 1))
  );
}

/** Contexts for NBD_OPT_SET_META_CONTEXT: exact names only. */
export function selectContexts(queries: readonly string[]): readonly MetaContext[] {
  return META_CONTEXTS.filter(({ name }) => queries.includes(name));
}
