// How much is read in a turn, of devices of many kinds.
import { assert, assertEquals } from "@std/assert";
import { MAX_READ } from "../../../src/reader/pace.ts";
import { SliceSize } from "../../../src/reader/slice_size.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

/** What a device takes for a read of `length` bytes, milliseconds. */
type Took = (length: number) => number;

const device = (delayMs: number, bytesPerSecond: number): Took => (length) =>
  delayMs + length * 1000 / bytesPerSecond;

/** Reads as much as it may, `count` times. @returns the longest and the shortest of the last ten. */
function readOn(slice: SliceSize, took: Took, count: number): { most: number; least: number } {
  const limits: number[] = [];
  for (; count > 0; count--) {
    slice.good(slice.limit, took(slice.limit));
    limits.push(slice.limit);
  }
  const last = limits.slice(-10);
  return { most: Math.max(...last), least: Math.min(...last) };
}

const DEVICES: [name: string, took: Took, least: number, most: number][] = [
  ["in memory", () => 0.05, MIB, MIB],
  ["of no time at all", () => 0, MIB, MIB],
  ["a disk", device(1, 150e6), MIB, MIB],
  ["a disk that seeks each time", device(15, 150e6), MIB, MIB],
  ["a stick of 20 MB/s", device(1, 20e6), MIB, MIB],
  ["8 MB/s", device(0.2, 8e6), 704 * KIB, 768 * KIB],
  ["a CD at 1.2 MB/s", device(1, 1.2e6), 64 * KIB, 64 * KIB],
  ["USB 1 at 600 KB/s", device(3, 600e3), 50 * KIB, 60 * KIB],
  ["a floppy disk", device(0, 30e3), 2.5 * KIB, 3 * KIB],
  ["slower than a sector in that time", device(0, 1e3), 512, 512],
  ["far away: 150 ms whatever is asked", device(150, 1e9), 640 * KIB, MIB],
  ["far away and slow", device(150, 4e6), 256 * KIB, MIB],
];

for (const [name, took, least, most] of DEVICES) {
  Deno.test(`a device takes 100 ms for a slice, or twice its delay: ${name}`, () => {
    for (const shortReads of [false, true]) {
      const slice = new SliceSize(512);
      if (shortReads) {
        for (let count = 0; count < 30; count++) slice.good(4 * KIB, took(4 * KIB));
      }
      const found = readOn(slice, took, 150);
      const what = `${found.least / KIB} to ${found.most / KIB} KiB, short reads ${shortReads}`;
      assert(found.least >= least && found.most <= most, what);
    }
  });
}

Deno.test("short reads say nothing against long ones", () => {
  for (const ms of [0.1, 1, 12, 200]) {
    const slice = new SliceSize(512);
    for (let count = 0; count < 10; count++) {
      slice.good(4 * KIB, ms);
      assertEquals(slice.limit, MAX_READ, `${ms} ms`);
    }
  }
});

Deno.test("a slow device is found out with the first read", () => {
  const slice = new SliceSize(512);
  slice.good(MIB, 1000);
  assertEquals(slice.limit, 64 * KIB);
});

Deno.test("a device that becomes quick again is believed within some reads", () => {
  for (const slow of [8e6, 300e3, 30e3]) {
    const slice = new SliceSize(512);
    readOn(slice, device(1, slow), 100);
    assertEquals(readOn(slice, device(1, 150e6), 40).least, MIB, `${slow}`);
  }
});

Deno.test("a disk that has had to spin up is believed within some reads", () => {
  const slice = new SliceSize(512);
  slice.good(4 * KIB, 8000);
  for (let count = 0; count < 20; count++) slice.good(Math.min(slice.limit, 64 * KIB), 5);
  assertEquals(slice.limit, MAX_READ);
});

Deno.test("one quick answer doubles a slice at most", () => {
  const slice = new SliceSize(512);
  readOn(slice, device(0, 30e3), 50);
  const before = slice.limit;
  slice.good(slice.limit, 0.01);
  assert(slice.limit <= 2 * before, `${before} ${slice.limit}`);
});

Deno.test("a slice is whole sectors, one at least", () => {
  for (const sectorSize of [512, 2048, 4096]) {
    const slice = new SliceSize(sectorSize);
    for (let count = 0; count < 100; count++) {
      slice.good(slice.limit, 1 + slice.limit * count / 500);
      assertEquals(slice.limit % sectorSize, 0);
      assert(slice.limit >= sectorSize);
    }
  }
});
