import { assertEquals, assertThrows } from "@std/assert";
import { UserError } from "../../../src/base/errors.ts";
import { parseByteRange } from "../../../src/cli/byte_range.ts";

const MIB = 1024 ** 2;

const RANGES: readonly [text: string, start: number, end: number][] = [
  ["0-4K", 0, 4096],
  ["1.5M-2M", 1.5 * MIB, 2 * MIB],
  ["1M-", MIB, 10 * MIB],
  ["1M+512", MIB, MIB + 512],
  ["0x1000-0x1fff", 4096, 8191],
  ["0-1T", 0, 10 * MIB],
  ["9M+5M", 9 * MIB, 10 * MIB],
];

for (const [text, start, end] of RANGES) {
  Deno.test(`the range ${text} of 10 MiB is [${start}, ${end})`, () => {
    assertEquals(parseByteRange(text, 10 * MIB), { start, end });
  });
}

const WRONG: readonly [text: string, reason: string][] = [
  ["5M", "is not a range"],
  ["1M+", "is not a range"],
  ["1M-2M-3M", "is not a range"],
  ["-1M", "is not a range"],
  ["2M-1M", "is empty"],
  ["2M-2M", "is empty"],
  ["10M-", "begins behind the end"],
  ["x-y", "is not a size"],
  ["0xg-", "is not a size"],
];

for (const [text, reason] of WRONG) {
  Deno.test(`"${text}" ${reason}`, () => {
    assertThrows(() => parseByteRange(text, 10 * MIB), UserError, reason);
  });
}
