import { assertEquals, assertThrows } from "@std/assert";
import {
  allInBytes,
  formatDuration,
  formatRate,
  formatSize,
  inBytes,
  parseSize,
} from "../../../src/base/sizes.ts";

Deno.test("parseSize reads what ddrescue reads", () => {
  const table: [string, number][] = [
    ["0", 0],
    ["4096", 4096],
    ["007", 7],
    ["010", 8],
    ["0x10", 16],
    ["0X1f", 31],
    ["0x1B", 27],
    ["0x1E", 30],
    ["0x10k", 16_000],
    ["512B", 512],
    ["1k", 1000],
    ["1kB", 1000],
    ["1Ki", 1024],
    ["1KiB", 1024],
    ["1M", 1_000_000],
    ["1MB", 1_000_000],
    ["64Mi", 64 * 1024 ** 2],
    ["64MiB", 64 * 1024 ** 2],
    ["2G", 2_000_000_000],
    ["8Ti", 8 * 1024 ** 4],
    ["7Pi", 7 * 1024 ** 5],
    ["0E", 0],
    ["9007199254740991", Number.MAX_SAFE_INTEGER],
  ];
  for (const [text, bytes] of table) assertEquals(parseSize(text), bytes, text);
});

Deno.test("parseSize reads what has always been read, where ddrescue means nothing else", () => {
  const table: [string, number][] = [
    ["64K", 65_536],
    ["2 mib", 2 * 1024 ** 2],
    ["64kib", 65_536],
    ["1.5Mi", 1.5 * 1024 ** 2],
    ["1.5M", 1_500_000],
    ["0.5Ki", 512],
    ["00.5k", 500],
    ["1m", 1_000_000],
  ];
  for (const [text, bytes] of table) assertEquals(parseSize(text), bytes, text);
});

Deno.test("parseSize leaves sectors to those who know how large they are", () => {
  const table: [string, number][] = [["1s", 1], ["3ks", 3000], ["2Kis", 2048], ["1.5Mis", 1572864]];
  for (const [text, sectors] of table) {
    assertEquals(parseSize(text), { sectors }, text);
    assertEquals(inBytes(parseSize(text), 2048), 2048 * sectors, text);
  }
  assertEquals(inBytes(4096, 2048), 4096);
  assertEquals(inBytes(parseSize("7Pis"), 512), Number.MAX_SAFE_INTEGER);
});

Deno.test("a record with sizes in sectors becomes one in bytes, and keeps all else", () => {
  const written = { rate: { sectors: 3 }, most: 512, none: undefined, path: "a", list: [{ b: 1 }] };
  assertEquals(allInBytes(written, 2048), { ...written, rate: 6144 });
});

Deno.test("parseSize refuses with a sentence what is no size", () => {
  const noSize = [
    "",
    " ",
    "-1",
    "+1",
    "K",
    "s",
    "1KB",
    "1iB",
    "1sB",
    "1Bs",
    "1e3",
    "0x",
    "0xg",
    "08",
    "019",
    "1,5M",
    ".5K",
    "1.",
    "1 2",
    "1b s",
    "1KiBs",
    "1R",
  ];
  for (const text of [...noSize, " 5", "5 ", "NaN", "5\n"]) {
    assertThrows(() => parseSize(text), RangeError, "is not a size: write it like");
  }
});

Deno.test("parseSize refuses parts of a byte and sizes that are not exact", () => {
  for (const text of ["1.1", "0.1Ki", "1.0000001M", "0.5s"]) {
    assertThrows(() => parseSize(text), RangeError, "not a whole number of bytes");
  }
  for (const text of ["8Pi", "9007199254740992", "10P", "1E", "99999999999999999999999", "1Es"]) {
    assertThrows(() => parseSize(text), RangeError, "too large");
  }
});

Deno.test("parseSize shows no control characters of what it refuses", () => {
  assertThrows(() => parseSize("\x1b[31m1"), RangeError, '"[31m1" is not a size');
});

Deno.test("formatSize rounds to what the eye takes in", () => {
  const table: [number, string][] = [
    [0, "0 bytes"],
    [1, "1 byte"],
    [1023, "1023 bytes"],
    [1024, "1 KiB"],
    [1536, "1.5 KiB"],
    [65536, "64 KiB"],
    [1024 * 99.94, "99.9 KiB"],
    [1024 * 99.96, "100 KiB"],
    [1024 * 1023.4, "1023 KiB"],
    [1024 * 1023.6, "1 MiB"],
    [1048575, "1 MiB"],
    [734003200, "700 MiB"],
    [4700372992, "4.4 GiB"],
    [2 ** 53, "8 PiB"],
    [2 ** 60, "1 EiB"],
    [2 ** 72, "4096 EiB"],
  ];
  for (const [bytes, text] of table) assertEquals(formatSize(bytes), text);
});

Deno.test("formatRate takes fractions", () => {
  assertEquals(formatRate(0.4), "0 bytes/s");
  assertEquals(formatRate(1.5 * 1024 ** 2), "1.5 MiB/s");
});

Deno.test("formatDuration keeps the two largest units", () => {
  const second = 1000;
  const minute = 60 * second;
  const hour = 60 * minute;
  const day = 24 * hour;
  const table: [number, string][] = [
    [0, "0 ms"],
    [850, "850 ms"],
    [999.4, "999 ms"],
    [999.6, "1 s"],
    [59.4 * second, "59 s"],
    [59.6 * second, "1 min"],
    [2 * minute + 5 * second, "2 min 5 s"],
    [hour - 1, "1 h"],
    [hour + 4 * minute, "1 h 4 min"],
    [day - 1, "1 d"],
    [3 * day + 4 * hour, "3 d 4 h"],
    [400 * day, "400 d"],
    [Infinity, "unknown"],
    [NaN, "unknown"],
  ];
  for (const [ms, text] of table) assertEquals(formatDuration(ms), text);
});
