// The three formats of transmission messages, of which negotiation chooses one.

/** Compact requests, simple replies: what the Linux kernel speaks. */
export const SIMPLE = 0;
/** Compact requests, structured replies (NBD_OPT_STRUCTURED_REPLY). */
export const STRUCTURED = 1;
/** Extended requests and replies with 64-bit lengths (NBD_OPT_EXTENDED_HEADERS). */
export const EXTENDED = 2;

export type ReplyMode = typeof SIMPLE | typeof STRUCTURED | typeof EXTENDED;
