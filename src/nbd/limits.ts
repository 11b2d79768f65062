// What a client may ask of a session at most. Every length is compared with one of these before it is used.

/** Longest read and longest payload of a request: what the specification expects every server to accept. */
export const MAX_PAYLOAD_BYTES = 32 * 1024 * 1024;

/**
 * Longest payload of a refused write that is read and dropped, so that the client gets its EINVAL. Only clients
 * with extended headers, which can ask for so much on purpose, are given that; longer ones are closed.
 */
export const MAX_DROPPED_PAYLOAD_BYTES = 256 * 1024 * 1024;

/**
 * Size of `Peer.output`, at least: the longest read, its headers, and room for the longest reply to
 * NBD_CMD_BLOCK_STATUS (two contexts of MAX_EXTENTS). Only touched pages cost memory.
 */
export const OUTPUT_BYTES = MAX_PAYLOAD_BYTES + 256 * 1024;

/** Size of `Peer.input`, at least; one receive of 64 KiB picks up 2,340 requests. */
export const INPUT_BYTES = 64 * 1024;

/**
 * Pending replies are sent when they exceed this, although more requests wait in the input: the client
 * then works on the first replies while the session goes on. Less costs more in sends than it brings.
 */
export const SEND_THRESHOLD_BYTES = 32 * 1024;

/**
 * Cached reads of at least this are sent from the image itself, when it can be: the system then moves pages
 * instead of copying bytes twice, for one more system call.
 */
export const SEND_FILE_BYTES = 32 * 1024;

/** Replies that are put together beyond this ask the peer for memory first. */
export const LARGE_REPLY_BYTES = 1024 * 1024;

/** Longest option payload that is parsed; the longest sensible one (a name of 4096 bytes) fits easily. */
export const MAX_OPTION_BYTES = 16 * 1024;
/** Longer options than this are not even read and dropped: the client is closed. */
export const MAX_SKIPPED_OPTION_BYTES = 1024 * 1024;
/** Most options a client may send; real ones send fewer than ten. */
export const MAX_OPTIONS = 128;
/** Longest string the specification allows. */
export const MAX_STRING_BYTES = 4096;

/** Most extents in a context's part of a reply to NBD_CMD_BLOCK_STATUS; the client asks again for the rest. */
export const MAX_EXTENTS = 4096;
/** Most runs of the map that one such part may walk over, since merged runs make no extents (some ms). */
export const MAX_DESCRIBED_EXTENTS = 65536;
/** Room for all replies to one option: name, description and further fields, or an error sentence. */
export const OPTION_REPLIES_BYTES = 4 * MAX_STRING_BYTES;
