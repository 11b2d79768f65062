import { assertEquals, assertThrows } from "@std/assert";
import { AssertionError } from "../../../src/base/assert.ts";
import { cString } from "../../../src/sys/c_string.ts";
import { EINVAL, ENOMEM } from "../../../src/sys/errno.ts";
import { copyMemory, isZero } from "../../../src/sys/fd.ts";
import { addressOf, NativeMemory } from "../../../src/sys/memory.ts";
import { SystemError } from "../../../src/sys/system_error.ts";

const PAGE_SIZE = 4096;

Deno.test("native memory is page aligned, zero, and costs nothing until it is used", () => {
  const memory = NativeMemory.allocate(2 ** 36);
  assertEquals(memory.address % PAGE_SIZE, 0);
  assertEquals([memory.bytes.length, memory.bytes[2 ** 36 - 1]], [2 ** 36, 0]);
  memory.release();
});

Deno.test("discarded memory reads as zeros", () => {
  const memory = NativeMemory.allocate(3 * PAGE_SIZE);
  memory.bytes.fill(1);
  memory.discard();
  assertEquals(isZero(memory.address, memory.size), true);
  memory.release();
});

Deno.test("released memory is out of reach, also through subarrays", () => {
  const memory = NativeMemory.allocate(PAGE_SIZE);
  const part = memory.bytes.subarray(10, 20);
  memory.release();
  assertEquals([memory.bytes.length, part.length, part[0]], [0, 0, undefined]);
  assertThrows(() => memory.release(), AssertionError, "released twice");
});

Deno.test("more memory than there are addresses is an error, not a crash", () => {
  const error = assertThrows(() => NativeMemory.allocate(2 ** 52), SystemError);
  assertEquals(error.errno, ENOMEM);
  assertThrows(() => NativeMemory.allocate(0), AssertionError);
  assertThrows(() => NativeMemory.allocate(0.5), AssertionError);
});

Deno.test("isZero finds a byte wherever it is", () => {
  const memory = NativeMemory.allocate(PAGE_SIZE);
  for (const length of [0, 1, 2, 63, 64, 65, 127, 128, 129, 1000, PAGE_SIZE]) {
    assertEquals(isZero(memory.address, length), true);
    for (const index of [0, 1, 62, 63, 64, 65, 127, 128, length - 2, length - 1, length]) {
      if (index < 0 || index >= PAGE_SIZE) continue;
      memory.bytes[index] = 0x80;
      assertEquals(isZero(memory.address, length), index >= length, `${index} of ${length}`);
      memory.bytes[index] = 0;
    }
  }
  memory.release();
});

Deno.test("copyMemory copies between overlapping ranges", () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
  const expected = bytes.slice();
  expected.copyWithin(10, 0, 200);
  copyMemory(addressOf(bytes) + 10, addressOf(bytes), 200);
  assertEquals(bytes, expected);
});

Deno.test("cString ends with its only zero byte", () => {
  assertEquals(cString("é"), Uint8Array.of(0xc3, 0xa9, 0));
  assertEquals(assertThrows(() => cString("/etc\0/x"), SystemError).errno, EINVAL);
});
