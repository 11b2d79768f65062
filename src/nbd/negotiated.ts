// What a client has negotiated, and the same as a number, which one thread can hand to another.

import { META_CONTEXTS, type MetaContext } from "./meta_contexts.ts";

/** Compact requests, simple replies: what the Linux kernel speaks. */
export const SIMPLE = 0;
/** Compact requests, structured replies (NBD_OPT_STRUCTURED_REPLY). */
export const STRUCTURED = 1;
/** Extended requests and replies with 64-bit lengths (NBD_OPT_EXTENDED_HEADERS). */
export const EXTENDED = 2;

/** The format of transmission messages. */
export type ReplyMode = typeof SIMPLE | typeof STRUCTURED | typeof EXTENDED;

/** How the transmission phase of a client goes. */
export interface Negotiated {
  readonly mode: ReplyMode;
  /** The metadata contexts that it has set. */
  readonly contexts: readonly MetaContext[];
}

const MODE_BITS = 2;

/** @returns a number of few bits. */
export function packNegotiated({ mode, contexts }: Negotiated): number {
  return contexts.reduce((bits, { id }) => bits | 1 << MODE_BITS + id, mode as number);
}

/** The inverse of `packNegotiated`. */
export function unpackNegotiated(packed: number): Negotiated {
  const mode = (packed & (1 << MODE_BITS) - 1) as ReplyMode;
  const contexts = META_CONTEXTS.filter(({ id }) => (packed & 1 << MODE_BITS + id) !== 0);
  return { mode, contexts };
}
