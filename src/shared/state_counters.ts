// Indices of the counters in the shared memory: the reader's own, and those that each session has.

/** Counters of the reader (Float64). */
export const READER_DEVICE_BYTES = 0;
export const READER_DEVICE_READS = 1;
export const READER_FAILED_READS = 2;
/** performance.timeOrigin-based milliseconds at which the device read under way began; 0 when idle. */
export const READER_BUSY_SINCE = 3;
/** Offset of the device read under way. */
export const READER_BUSY_AT = 4;
/** Offset behind the last good device read. */
export const READER_LAST_GOOD = 5;
/** While the image takes no writes: why (an errno), and the room there was for it at the last look, bytes. */
export const READER_IMAGE_ERRNO = 6;
export const READER_IMAGE_ROOM = 7;
/** performance.timeOrigin-based milliseconds at which the device stopped answering; 0 while it answers. */
export const READER_SILENT_SINCE = 8;
/** When it is tried again, in the same milliseconds; 0: now. */
export const READER_NEXT_ATTEMPT = 9;
/** How often it was tried since then. */
export const READER_ATTEMPTS = 10;
/** While the fill rests: until when, in the same milliseconds, how long in all, and whether such rests have paid. */
export const READER_REST_UNTIL = 11;
export const READER_REST_MS = 12;
export const READER_REST_PAYS = 13;
/** While the fill waits for a hot drive: its temperature and the limit, degrees Celsius; a limit of 0: it does not. */
export const READER_CELSIUS = 14;
export const READER_LIMIT_CELSIUS = 15;

/** Counters of a session (Float64). */
export const SESSION_REQUESTS = 0;
export const SESSION_BYTES = 1;
export const SESSION_MISSES = 2;
