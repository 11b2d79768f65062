import { assertEquals } from "@std/assert";
import { FailedReads } from "../../../src/reader/failed_reads.ts";

Deno.test("a failed read is known until its failing sector is found", () => {
  const failed = new FailedReads();
  failed.add(1000, 2000);
  failed.add(3000, 4000);
  assertEquals([999, 1000, 1999, 2000].map((at) => failed.endAt(at)), [-1, 2000, 2000, -1]);
  failed.found(2000);
  assertEquals(failed.endAt(1000), 2000);
  failed.found(1999);
  assertEquals([failed.endAt(1000), failed.endAt(3000)], [-1, 4000]);
});

Deno.test("a stretch ends where a failed read begins", () => {
  const failed = new FailedReads();
  failed.add(3000, 4000);
  failed.add(2000, 2500);
  assertEquals(failed.endBefore(0, 5000), 2000);
  assertEquals(failed.endBefore(2000, 5000), 3000);
  assertEquals(failed.endBefore(3000, 5000), 5000);
  assertEquals(failed.endBefore(0, 2000), 2000);
});

Deno.test("of many the latest are known", () => {
  const failed = new FailedReads();
  for (let start = 0; start < 20_000; start += 1000) failed.add(start, start + 1000);
  assertEquals([3999, 4000, 19_000].map((at) => failed.endAt(at)), [-1, 5000, 20_000]);
});
