import { assertEquals } from "@std/assert";
import { Touched } from "../../../src/shared/touched.ts";
import { chooseSeed, Random } from "../../model/map_random.ts";

const MIB = 1_048_576;

function rangesOf(touched: Touched): [number, number][] {
  return [...touched.ranges()].map(({ start, end }) => [start, end]);
}

Deno.test("whole grains around what was read, neighbours joined", () => {
  const touched = Touched.create(MIB + 100, 512);
  assertEquals(rangesOf(touched), []);
  touched.note(4095, 1);
  touched.note(4096, 1);
  touched.note(20_000, 0);
  touched.note(MIB + 50, 50);
  assertEquals(rangesOf(touched), [[0, 8192], [MIB, MIB + 100]]);
});

Deno.test("other threads see it", () => {
  const touched = Touched.create(MIB, 512);
  new Touched(touched.buffer, MIB, 512).note(0, MIB);
  assertEquals(rangesOf(touched), [[0, MIB]]);
});

Deno.test("grains are no smaller than sectors, and few on a large device", () => {
  const coarse = Touched.create(MIB, 65_536);
  coarse.note(1, 1);
  assertEquals(rangesOf(coarse), [[0, 65_536]]);
  const large = Touched.create(64 * 2 ** 40, 4096);
  large.note(2 ** 45 + 1, 1);
  assertEquals(large.buffer.byteLength, 2 ** 25);
  assertEquals(rangesOf(large), [[2 ** 45, 2 ** 45 + 2 ** 18]]);
});

Deno.test("random reads against a plain array", () => {
  const random = new Random(chooseSeed());
  const touched = Touched.create(200 * 4096, 512);
  const naive = new Uint8Array(200);
  for (let reads = 0; reads < 40; reads++) {
    const offset = random.below(200 * 4096);
    const length = 1 + random.below(Math.min(20_000, 200 * 4096 - offset));
    touched.note(offset, length);
    naive.fill(1, Math.floor(offset / 4096), Math.ceil((offset + length) / 4096));
  }
  const found = new Uint8Array(200);
  for (const [start, end] of rangesOf(touched)) found.fill(1, start / 4096, end / 4096);
  assertEquals(found, naive);
});
