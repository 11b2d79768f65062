import { assertEquals } from "@std/assert";
import { BounceBuffer, bounceSize, fillBounce } from "../../../src/shared/bounce_buffer.ts";
import { NativeMemory } from "../../../src/sys/memory.ts";
import { noise } from "../../harness/test_folder.ts";

/** The runs of a buffer: where they end, and whether the bytes are there. */
function runsOf(bounce: BounceBuffer, start: number, end: number): [end: number, there: boolean][] {
  const runs: [number, boolean][] = [];
  for (let at = start; at < end; at = runs.at(-1)![0]) {
    runs.push([bounce.extentEnd(at, end), bounce.has(at)]);
  }
  return runs;
}

Deno.test("a bounce buffer says which sectors have been filled, and has their bytes", () => {
  const start = 40_960;
  const end = start + 10_000; // the end of a device may cut a sector short
  const source = NativeMemory.allocate(16_384);
  const output = NativeMemory.allocate(16_384);
  const bounce = new BounceBuffer(start, end, 512);
  try {
    source.bytes.set(noise(16_384, 1));
    assertEquals(runsOf(bounce, start, end), [[end, false]]);
    const fill = (from: number, to: number) =>
      fillBounce(bounce.address, start, end, 512, source.address + from, start + from, start + to);
    fill(1024, 2048);
    fill(9728, 10_000);
    assertEquals(runsOf(bounce, start, end), [
      [start + 1024, false],
      [start + 2048, true],
      [start + 9728, false],
      [end, true],
    ]);
    // Requests need not begin on sectors.
    assertEquals(runsOf(bounce, start + 1500, start + 2100), [
      [start + 2048, true],
      [start + 2100, false],
    ]);
    bounce.copyTo(output.address, start + 1500, start + 2048);
    assertEquals(output.bytes.slice(0, 548), source.bytes.slice(1500, 2048));
    fill(0, 10_000);
    assertEquals(runsOf(bounce, start, end), [[end, true]]);
  } finally {
    bounce.release();
    source.release();
    output.release();
  }
});

Deno.test("more sectors than fit into one piece are all marked", () => {
  const bytes = 8 * 2 ** 20;
  const source = NativeMemory.allocate(bytes);
  const bounce = new BounceBuffer(0, bytes, 512);
  try {
    fillBounce(bounce.address, 0, bytes, 512, source.address, 0, bytes);
    assertEquals(runsOf(bounce, 0, bytes), [[bytes, true]]);
    assertEquals(bounce.size, bounceSize(bytes, 512));
  } finally {
    bounce.release();
    source.release();
  }
});
