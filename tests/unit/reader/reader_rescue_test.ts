// Failing stretches, as a client sees them: what is delivered, what the map says, what it cost.
import { assert, assertEquals } from "@std/assert";
import { SimulatedDevice } from "./simulated_device.ts";
import { SimulatedRun } from "./simulated_run.ts";
import { assertSameBytes } from "../../harness/test_folder.ts";
import { BAD_SECTOR, FINISHED, NON_SCRAPED } from "../../../src/map/statuses.ts";

const CLUSTER = 65_536;

/** A device with these bad sectors. */
function deviceWith(bad: Iterable<number>, sectorSize = 512, size = CLUSTER): SimulatedDevice {
  const device = new SimulatedDevice(size, sectorSize);
  for (const sector of bad) device.bad.add(sector);
  return device;
}

/** The device's bytes, with 0xEE where it cannot be read. */
function expectedBytes(device: SimulatedDevice): Uint8Array<ArrayBuffer> {
  const bytes = device.content.slice();
  for (const sector of device.bad) {
    bytes.fill(0xee, sector * device.sectorSize, (sector + 1) * device.sectorSize);
  }
  return bytes;
}

/** Separate stretches of bad sectors. */
function stretchesOf(bad: ReadonlySet<number>): number {
  return [...bad].filter((sector) => !bad.has(sector - 1)).length;
}

for (const sectorSize of [512, 2048, 4096]) {
  for (const buffered of [false, true]) {
    const name = `one bad ${sectorSize}-byte sector in 64 KiB, ${buffered ? "buffered" : "direct"}`;
    Deno.test(`${name}: every other one is delivered, with at most 4 failing reads`, () => {
      for (let sector = 0; sector < CLUSTER / sectorSize; sector++) {
        const device = deviceWith([sector], sectorSize);
        device.buffered = buffered;
        using run = new SimulatedRun(device);
        const start = sector * sectorSize;
        for (let again = sector % 16 === 0 ? 10 : 1; again >= 0; again--) {
          const answer = run.read(0, CLUSTER);
          assertEquals(answer.unreadable, [[start, start + sectorSize]]);
          assertSameBytes(answer.bytes, expectedBytes(device), "the answer");
          assert(device.failingReads <= 2, `${device.failingReads} failing reads`);
        }
        assertEquals(run.map.total(BAD_SECTOR), sectorSize);
        assertEquals(run.map.total(FINISHED), CLUSTER - sectorSize);
      }
    });
  }
}

Deno.test("separate bad sectors: every good one is delivered, with few failing reads", () => {
  const patterns: number[][] = [
    [0, 2],
    [0, 127],
    [125, 127],
    [0, 64, 127],
    [10, 12, 14, 16],
    [1, 50, 52, 100, 126],
    Array.from({ length: 64 }, (_, index) => index * 2),
    Array.from({ length: 42 }, (_, index) => index * 3 + 1),
  ];
  for (const bad of patterns) {
    const device = deviceWith(bad);
    using run = new SimulatedRun(device);
    const answer = run.read(0, CLUSTER);
    assertSameBytes(answer.bytes, expectedBytes(device), String(bad));
    assertEquals(run.map.total(BAD_SECTOR), bad.length * 512);
    assert(device.failingReads <= 4 + 2 * (bad.length - 1), `${bad}: ${device.failingReads}`);
  }
});

/** Bad stretches [first, last], and the failing reads that they may cost. */
const WIDE: [first: number, last: number][][] = [
  [[0, 127]],
  [[0, 1]],
  [[126, 127]],
  [[60, 61]],
  [[60, 62]],
  [[10, 100]],
  [[0, 100]],
  [[10, 127]],
  [[10, 20], [30, 40]],
  [[0, 3], [124, 127]],
  [[10, 40], [60, 62], [80, 120]],
  [[5, 50], [52, 52], [54, 100]],
  [[5, 50], [60, 60], [64, 100]],
  [[5, 30], [60, 60], [61, 100]],
];

Deno.test("wide bad stretches: few failing reads, nothing good called bad, and progress when asked again", () => {
  for (const stretches of WIDE) {
    const device = deviceWith([]);
    for (const [first, last] of stretches) {
      for (let sector = first; sector <= last; sector++) device.bad.add(sector);
    }
    using run = new SimulatedRun(device);
    const budget = 2 + 2 * stretchesOf(device.bad);
    let last = "";
    for (let ask = 0; last !== run.picture(); ask++) {
      last = run.picture();
      const before = device.failingReads;
      const answer = run.read(0, CLUSTER);
      const spent = device.failingReads - before;
      // Each leftover of the last time is a stretch of its own.
      const asked = ask === 0
        ? budget
        : 4 * (last.match(/[*/]+/g) ?? []).length + 2 * stretches.length;
      assert(spent <= asked, `${JSON.stringify(stretches)} cost ${spent}, asked ${ask}`);
      for (const [start, end] of answer.unreadable) {
        for (let at = start; at < end; at += 512) {
          if (run.map.at(at) === BAD_SECTOR) assert(device.bad.has(at / 512), `${at} is good`);
        }
      }
      assert(ask < 200, "no progress");
    }
    assertEquals(
      run.picture(),
      Array.from({ length: 128 }, (_, sector) => device.bad.has(sector) ? "-" : "+").join(""),
    );
  }
});

Deno.test("every bad sector was tried alone, and none twice", () => {
  for (const stretches of WIDE) {
    const device = deviceWith([]);
    for (const [first, last] of stretches) {
      for (let sector = first; sector <= last; sector++) device.bad.add(sector);
    }
    using run = new SimulatedRun(device);
    for (let ask = 0; ask < 200; ask++) run.read(0, CLUSTER);
    const alone = device.reads.filter(({ length, result }) => length === 512 && result < 0);
    const tried = alone.map(({ offset }) => offset / 512).sort((a, b) => a - b);
    assertEquals(tried, [...device.bad].sort((a, b) => a - b));
  }
});

Deno.test("who has asked for good sectors only gets them, though a wider request around them was given up", () => {
  const bad = Array.from({ length: 91 }, (_, index) => index + 10);
  const device = deviceWith(bad.filter((sector) => sector < 50 || sector > 52));
  using run = new SimulatedRun(device);
  run.ask(0, 0, CLUSTER);
  run.ask(1, 51 * 512 + 100, 600);
  run.finish();
  const narrow = run.ended().find(({ id }) => id === 1)!;
  assertEquals(narrow.unreadable, []);
  assertSameBytes(narrow.bytes, device.content.slice(51 * 512 + 100, 51 * 512 + 700), "the answer");
});

Deno.test("who has asked for good sectors only gets them, though one of them was there before all others", () => {
  const device = deviceWith(Array.from({ length: 104 }, (_, index) => index + 20));
  using run = new SimulatedRun(device);
  run.read(11 * 512, 512);
  run.map.set(12 * 512, 124 * 512, NON_SCRAPED);
  run.ask(0, 12 * 512, 112 * 512);
  run.ask(1, 11 * 512, 4 * 512);
  run.finish();
  const narrow = run.ended().find(({ id }) => id === 1)!;
  assertEquals(narrow.unreadable, []);
  assertSameBytes(narrow.bytes, device.content.slice(11 * 512, 15 * 512), "the answer");
  assert(device.failingReads <= 4, `${device.failingReads} failing reads`);
});
