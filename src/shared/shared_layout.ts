// Layout of the shared memory of main, the reader and the sessions; see shared_state.ts.

/** Reads that a session may have waiting for the device; past that it reads its socket no further. */
export const PARKED_PER_SESSION = 256;
/** Requests of a session that no client waits for (read-ahead, prefetch); further ones are dropped. */
export const HINTS_PER_SESSION = 16;
/** Request slots of a session: parked reads come first. */
export const SLOTS_PER_SESSION = PARKED_PER_SESSION + HINTS_PER_SESSION;

/** Int32 words of the header, and of each session: a cache line. */
export const HEADER_WORDS = 16;
export const SESSION_WORDS = 16;
/** Float64 counters of the reader, and of each session. */
export const READER_COUNTERS = 16;
export const SESSION_COUNTERS = 4;

/** Offsets of the parts in bytes, and the size of all. */
export function layout(sessions: number) {
  const slots = sessions * SLOTS_PER_SESSION;
  let ringSize = 1;
  while (ringSize < slots) ringSize *= 2;
  let bytes = 0;
  const take = (size: number) => {
    const start = bytes;
    bytes += size;
    return start;
  };
  return {
    readerCounters: take(8 * READER_COUNTERS),
    sessionCounters: take(8 * SESSION_COUNTERS * sessions),
    slotOffset: take(8 * slots),
    slotLength: take(8 * slots),
    slotBounce: take(8 * slots),
    words: take(4 * (HEADER_WORDS + sessions * SESSION_WORDS)),
    ring: take(4 * ringSize),
    ended: take(4 * sessions * PARKED_PER_SESSION),
    slotState: take(4 * slots),
    slotKind: take(4 * slots),
    slotResult: take(4 * slots),
    bytes,
    ringSize,
  };
}
