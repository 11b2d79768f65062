// What the words of a request slot in the shared memory mean; see shared_state.ts.

/** A client waits; the bytes go through the image. */
export const KIND_CLIENT = 0;
/** A client waits, and the image cannot be read: all of the range comes from the device, by the bounce buffer. */
export const KIND_BYPASS = 1;
/** A client will probably ask soon. */
export const KIND_READ_AHEAD = 2;
/** A client has asked for the range to be cached (NBD_CMD_CACHE). */
export const KIND_PREFETCH = 3;
// A client waits for one of the following, which change the device; `slotResult` is then 0 or an error number,
// negative, and `slotBounce` the address of the payload.
export const KIND_WRITE = 4;
/** The same, and what was written has reached the device for good. */
export const KIND_WRITE_DURABLE = 5;
/** The bytes are zeros; there is no payload. */
export const KIND_ZERO = 6;
export const KIND_ZERO_DURABLE = 7;
/** Whatever was written before reaches the device for good; the range is empty. */
export const KIND_FLUSH = 8;

/** `slotState` values, of a hint: QUEUED by the session, FREE again by the reader. */
export const SLOT_FREE = 0;
export const SLOT_QUEUED = 1;
/** Of a parked read, after QUEUED: the client has gone, so the reader ends it without a device read. */
export const SLOT_CANCELLED = 2;

/** How a parked read ended: each byte is `+`, or in the bounce buffer, or could not be read this time. */
export const RESULT_RESOLVED = 0;
/** The image could not take some of the bytes, and there is no bounce buffer: ask again with one. */
export const RESULT_UNCACHED = 1;
