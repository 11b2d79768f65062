import { assertEquals, assertThrows } from "@std/assert";
import { UserError } from "../../../src/base/errors.ts";
import { parseByteRange } from "../../../src/cli/byte_range.ts";

const MIB = 1024 ** 2;

const RANGES: readonly [text: string, start: number, end: number][] = [
  ["0-4Ki", 0, 4096],
  ["0-4k", 0, 4000],
  ["1.5Mi-2Mi", 1.5 * MIB, 2 * MIB],
  ["1Mi-", MIB, 10 * MIB],
  ["1M-", 1_000_000, 10 * MIB],
  ["1Mi+512", MIB, MIB + 512],
  ["1Mi+8s", MIB, MIB + 8 * 2048],
  ["512s-", MIB, 10 * MIB],
  ["0x1000-0x1fff", 4096, 8191],
  ["0-1T", 0, 10 * MIB],
  ["0-4Pis", 0, 10 * MIB],
  ["9Mi+5Mi", 9 * MIB, 10 * MIB],
];

for (const [text, start, end] of RANGES) {
  Deno.test(`the range ${text} of 10 MiB is [${start}, ${end})`, () => {
    assertEquals(parseByteRange(text, 10 * MIB, 2048), { start, end });
  });
}

const WRONG: readonly [text: string, reason: string][] = [
  ["5M", "is not a range"],
  ["1M+", "is not a range"],
  ["1M-2M-3M", "is not a range"],
  ["-1M", "is not a range"],
  ["2M-1M", "is empty"],
  ["2M-2M", "is empty"],
  ["10Mi-", "begins behind the end"],
  ["x-y", "is not a size"],
  ["0xg-", "is not a size"],
];

for (const [text, reason] of WRONG) {
  Deno.test(`"${text}" ${reason}`, () => {
    assertThrows(() => parseByteRange(text, 10 * MIB, 2048), UserError, reason);
  });
}
