import { assertEquals } from "@std/assert";
import { RateMeter } from "../../../src/ui/rate_meter.ts";
import { progress } from "./progress_sample.ts";

/** A second of work per element: bytes read from the device, all of them new. */
function meterAfter(seconds: readonly number[], size: number): RateMeter {
  const meter = new RateMeter();
  let deviceBytes = 0;
  meter.add(progress(), size);
  seconds.forEach((bytes, i) => {
    deviceBytes += bytes;
    meter.add(progress({ deviceBytes, elapsedMs: (i + 1) * 1000 }), size - deviceBytes);
  });
  return meter;
}

Deno.test("without snapshots there is neither a rate nor an end", () => {
  const meter = new RateMeter();
  assertEquals([meter.bytesPerSecond, meter.remainingMs], [0, undefined]);
});

Deno.test("the rate is that of the last five seconds", () => {
  assertEquals(meterAfter([100, 100], 1000).bytesPerSecond, 100);
  assertEquals(meterAfter([900, 100, 100, 100, 100, 100], 2000).bytesPerSecond, 100);
  assertEquals(meterAfter([100, 0, 0, 0, 0, 0], 1000).bytesPerSecond, 0);
});

Deno.test("the remaining time is reckoned from the last minute", () => {
  assertEquals(meterAfter([100, 0, 100, 0], 1000).remainingMs, 16_000);
  const steady = Array.from({ length: 200 }, (_, i) => i < 100 ? 50 : 10);
  assertEquals(meterAfter(steady, 6100).remainingMs, 10_000);
});

Deno.test("there is no end in sight when nothing is read or nothing is missing", () => {
  assertEquals(meterAfter(Array(70).fill(0), 1000).remainingMs, undefined);
  assertEquals(meterAfter([1000], 1000).remainingMs, undefined);
});

Deno.test("the average is that since the start, and the last good read is as old as it is", () => {
  const meter = meterAfter([100, 300, 0, 0], 1000);
  assertEquals([meter.averageBytesPerSecond, meter.sinceGoodMs], [100, 2000]);
  const nothing = meterAfter([0, 0], 1000);
  assertEquals([nothing.averageBytesPerSecond, nothing.sinceGoodMs], [0, undefined]);
});
