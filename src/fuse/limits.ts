// Sizes of the buffers, and what the kernel may ask at most.

/** Longest read: 256 pages, the most that kernels allow without further ado. */
export const MAX_READ_BYTES = 1024 * 1024;
/** Page size in which the kernel counts `max_pages` (the kernels of aarch64 may have larger ones). */
export const PAGE_BYTES = 4096;

/** Where the data of a reply stands in the output: page aligned, since copying to it is faster then. */
export const DATA_AT = PAGE_BYTES;
/** Size of `Kernel.output`, at least. */
export const OUTPUT_BYTES = DATA_AT + MAX_READ_BYTES;

/**
 * Size of `Kernel.input`, at least: more than the kernel insists on (its headers and MAX_WRITE_BYTES). It
 * hands over one request at a time, and never part of one.
 */
export const INPUT_BYTES = 64 * 1024;
/** Longest write, for the negotiation only, since nothing is written; the least that a kernel takes. */
export const MAX_WRITE_BYTES = 4096;

/** Longest read that the kernel makes of its own accord behind one through its page cache. */
export const MAX_READAHEAD_BYTES = 1024 * 1024;
