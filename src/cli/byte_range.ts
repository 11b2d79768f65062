// A part of a device as `map` takes it: START-END, START- or START+LENGTH.

import { inBytes, parseSize } from "../base/sizes.ts";
import type { ByteRange } from "../ui/map_subject.ts";
import { usageError } from "../base/errors.ts";

/**
 * The part of a device of `size` bytes. A part beyond its end is ignored.
 * @throws {UserError} when there is nothing in it.
 */
export function parseByteRange(text: string, size: number, sectorSize: number): ByteRange {
  const [, first, separator, second = ""] = /^([^-+]+)([-+])([^-+]*)$/.exec(text) ?? [];
  try {
    if (first === undefined || separator === "+" && second === "") {
      throw new RangeError(`"${text}" is not a range: write START-END, START- or START+LENGTH`);
    }
    const start = inBytes(parseSize(first), sectorSize);
    const given = second === "" ? size : inBytes(parseSize(second), sectorSize);
    const end = Math.min(separator === "+" ? start + given : given, size);
    if (start >= size) throw new RangeError(`${text} begins behind the end, which is at ${size}`);
    if (start >= end) throw new RangeError(`${text} is empty`);
    return { start, end };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw usageError(`RANGE: ${error.message}`, "for example 1.5Gi-2Gi, 0x10000- or 700Mi+64Ki");
  }
}
