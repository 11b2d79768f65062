import { assertEquals } from "@std/assert";
import { alignDown, alignUp, clamp } from "../../../src/base/ranges.ts";

Deno.test("alignDown and alignUp find the multiples around a value, beyond 32 bits too", () => {
  const table: [value: number, step: number, down: number, up: number][] = [
    [0, 512, 0, 0],
    [1, 512, 0, 512],
    [511, 512, 0, 512],
    [512, 512, 512, 512],
    [513, 512, 512, 1024],
    [7, 1, 7, 7],
    [5000, 2352, 4704, 7056],
    [2 ** 40 + 1, 4096, 2 ** 40, 2 ** 40 + 4096],
  ];
  for (const [value, step, down, up] of table) {
    assertEquals(alignDown(value, step), down);
    assertEquals(alignUp(value, step), up);
  }
});

Deno.test("clamp keeps a value within its bounds", () => {
  assertEquals([-1, 0, 5, 10, 11].map((value) => clamp(value, 0, 10)), [0, 0, 5, 10, 10]);
});
