// Runs of set bits in a bitmap, as ranges.

/** Which bit of a byte is the first: the lowest (ext, NTFS, exFAT) or the highest (HFS+). */
export type BitOrder = "low first" | "high first";

/** Takes [first, end) of bits. */
export type TakeRun = (first: number, end: number) => void;

/**
 * Tells each run of set bits among the first `count`.
 * @param bytes at least `count` bits.
 */
export function setRuns(bytes: Uint8Array, count: number, order: BitOrder, take: TakeRun): void {
  let runStart = -1;
  let bit = 0;
  while (bit < count) {
    const byte = bytes[bit >>> 3]!;
    // Most bytes are all free or all used.
    if ((bit & 7) === 0 && count - bit >= 8 && (byte === 0 || byte === 0xff)) {
      if (byte === 0xff) {
        if (runStart < 0) runStart = bit;
      } else if (runStart >= 0) {
        take(runStart, bit);
        runStart = -1;
      }
      bit += 8;
      continue;
    }
    const place = order === "low first" ? bit & 7 : 7 - (bit & 7);
    const isSet = (byte >>> place & 1) === 1;
    if (isSet && runStart < 0) runStart = bit;
    if (!isSet && runStart >= 0) {
      take(runStart, bit);
      runStart = -1;
    }
    bit++;
  }
  if (runStart >= 0) take(runStart, count);
}
