// What a client has negotiated, and the same as a number, which one thread can hand to another.

import { META_CONTEXTS, type MetaContext } from "./meta_contexts.ts";
import type { ReplyMode } from "./reply_mode.ts";

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
