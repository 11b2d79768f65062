// What the live page allows its clients. Each number stands here once; SECURITY.md names it.

/** Connections at a time: browsers open a handful. A newcomer takes the place of the oldest that has not asked. */
export const MOST_CONNECTIONS = 64;
/** From the connection to the end of the answer, however slowly either is sent, milliseconds. */
export const REQUEST_MS = 10_000;
/** Request line and headers: browsers send some 500 bytes, with cookies of localhost a few KiB. */
export const MOST_REQUEST_BYTES = 16 * 1024;
/** Pages that are open at a time: each has a stream of events, and keeps its connection. */
export const MOST_STREAMS = 32;
/** Bytes that may wait for a slow browser; past that it misses events, each of which says everything anew. */
export const MOST_WAITING_BYTES = 1 << 20;
/** How long a browser may take nothing of a stream that has something for it, milliseconds. */
export const STALLED_MS = 30_000;
