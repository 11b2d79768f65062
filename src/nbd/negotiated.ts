// What a client has negotiated, and the same as a number, which one thread can hand to another.

import {
  NBD_OPT_EXTENDED_HEADERS,
  NBD_REP_ERR_EXT_HEADER_REQD,
  NBD_REP_ERR_INVALID,
} from "./constants.ts";
import { META_CONTEXTS, type MetaContext } from "./meta_contexts.ts";
import { OptionError } from "./option_payload.ts";
import type { SessionEnd } from "./session_end.ts";

/** Compact requests, simple replies: what the Linux kernel speaks. */
export const SIMPLE = 0;
/** Compact requests, structured replies (NBD_OPT_STRUCTURED_REPLY). */
export const STRUCTURED = 1;
/** Extended requests and replies with 64-bit lengths (NBD_OPT_EXTENDED_HEADERS). */
export const EXTENDED = 2;

/** The format of transmission messages. */
export type ReplyMode = typeof SIMPLE | typeof STRUCTURED | typeof EXTENDED;

/**
 * The reply mode after NBD_OPT_STRUCTURED_REPLY or NBD_OPT_EXTENDED_HEADERS. The second includes the first.
 * @throws {OptionError} when the client has negotiated that already.
 */
export function raisedMode(mode: ReplyMode, option: number): ReplyMode {
  if (option === NBD_OPT_EXTENDED_HEADERS) {
    if (mode === EXTENDED) {
      throw new OptionError(NBD_REP_ERR_INVALID, "extended headers are already negotiated");
    }
    return EXTENDED;
  }
  if (mode === EXTENDED) {
    throw new OptionError(
      NBD_REP_ERR_EXT_HEADER_REQD,
      "extended headers are already negotiated and include structured replies",
    );
  }
  if (mode === STRUCTURED) {
    throw new OptionError(NBD_REP_ERR_INVALID, "structured replies are already negotiated");
  }
  return STRUCTURED;
}

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

/** The client wants to enter the transmission phase: main must call `enter` or `refuse` next. */
export const ASKS = "asks";

/** What a negotiation has come to; undefined: it needs more bytes. */
export type Outcome = SessionEnd | typeof ASKS | undefined;
