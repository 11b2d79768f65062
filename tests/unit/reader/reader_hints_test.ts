// Read-ahead and prefetch, as far as the reader decides.
import { assert, assertEquals } from "@std/assert";
import { BAD_SECTOR, NON_SCRAPED, NON_TRIMMED } from "../../../src/map/statuses.ts";
import { SimulatedDevice } from "./simulated_device.ts";
import { SimulatedRun } from "./simulated_run.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

/** What was read from the device, in KiB. */
function readsOf(device: SimulatedDevice): [start: number, end: number][] {
  return device.reads.map(({ offset, length }) => [offset / KIB, (offset + length) / KIB]);
}

Deno.test("a hint is read in large pieces, when nobody waits", () => {
  const device = new SimulatedDevice(8 * MIB);
  using run = new SimulatedRun(device);
  run.sessions[0].prefetch(MIB, 3 * MIB);
  run.ask(0, 6 * MIB, 4 * KIB);
  run.finish();
  assertEquals(readsOf(device), [[6144, 6148], [1024, 2048], [2048, 3072], [3072, 4096]]);
});

Deno.test("a request that a hint touches takes it along", () => {
  const device = new SimulatedDevice(8 * MIB);
  using run = new SimulatedRun(device);
  run.sessions[0].prefetch(64 * KIB, 256 * KIB);
  run.ask(0, 0, 64 * KIB);
  run.finish();
  assertEquals(readsOf(device), [[0, 320]]);
});

Deno.test("what is there already is not read again for a hint", () => {
  const device = new SimulatedDevice(MIB);
  using run = new SimulatedRun(device);
  run.read(0, 128 * KIB);
  run.read(256 * KIB, 64 * KIB);
  run.sessions[0].prefetch(0, 512 * KIB);
  run.finish();
  assertEquals(readsOf(device).slice(2), [[128, 256], [320, 512]]);
});

for (const status of [BAD_SECTOR, NON_SCRAPED, NON_TRIMMED]) {
  Deno.test(`a hint stays 64 KiB away from what is "${"?*/-"[status]}", and never crosses it`, () => {
    const bad = 512 * KIB;
    for (const start of [0, 300 * KIB, 440 * KIB, 448 * KIB, 480 * KIB, bad, bad + 512]) {
      for (const asked of [false, true]) {
        const device = new SimulatedDevice(2 * MIB);
        using run = new SimulatedRun(device);
        run.map.set(bad, bad + 1024, status);
        run.sessions[0].prefetch(start, 2 * MIB - start);
        // A request that the hint touches is read whole, and the hint behind it as far as it may be.
        if (asked && start >= 4 * KIB) run.ask(0, start - 4 * KIB, 4 * KIB);
        run.finish();
        for (const { offset, length } of device.reads) {
          const end = Math.max(bad - 64 * KIB, start);
          assert(offset + length <= end, `${start}: read ${offset}+${length}`);
        }
      }
    }
  });
}

Deno.test("a fine map before a bad place does not hide it from a hint", () => {
  const device = new SimulatedDevice(2 * MIB);
  using run = new SimulatedRun(device);
  run.read(508 * KIB, 4 * KIB);
  run.map.set(512 * KIB, 513 * KIB, BAD_SECTOR);
  run.sessions[0].prefetch(0, 600 * KIB);
  run.finish();
  assertEquals(readsOf(device), [[508, 512], [0, 448]]);
});

Deno.test("hints stop while the device is sick, and come back after good reads", () => {
  const device = new SimulatedDevice(32 * MIB);
  using run = new SimulatedRun(device);
  device.bad.add(1000);
  run.read(500 * KIB, 4 * KIB);
  assert(device.failingReads > 0);
  const hint = () => {
    const before = device.reads.length;
    run.sessions[0].prefetch(16 * MIB, MIB);
    run.finish();
    return device.reads.length - before;
  };
  assertEquals(hint(), 0);
  run.read(4 * MIB, 512 * KIB);
  assertEquals(hint(), 0);
  run.read(5 * MIB, 512 * KIB);
  assert(hint() > 0);
});

Deno.test("a hint that fails costs one failing read, and its place is tried with care", () => {
  const device = new SimulatedDevice(4 * MIB);
  device.bad.add(100);
  using run = new SimulatedRun(device);
  run.sessions[0].prefetch(0, MIB);
  run.finish();
  assertEquals([device.reads.length, device.failingReads], [1, 1]);
  assertEquals(run.map.total(NON_TRIMMED), MIB);
  assertEquals(run.read(0, 256 * KIB).unreadable, [[51_200, 51_712]]);
  assertEquals(device.failingReads, 2);
});

Deno.test("a request that failed because of the hint that it took along is tried for itself", () => {
  const device = new SimulatedDevice(4 * MIB);
  device.bad.add(1000);
  using run = new SimulatedRun(device);
  run.sessions[0].prefetch(64 * KIB, MIB);
  assertEquals(run.read(0, 64 * KIB).unreadable, []);
  assertEquals(device.failingReads, 1);
});

Deno.test("what failed with a hint is read sector by sector until the bad one is found", () => {
  const device = new SimulatedDevice(4 * MIB);
  device.bad.add(1000);
  device.bad.add(1800);
  using run = new SimulatedRun(device);
  run.sessions[0].prefetch(64 * KIB, MIB);
  for (let at = 0; at < MIB; at += 64 * KIB) run.read(at, 64 * KIB);
  assertEquals(run.map.total(BAD_SECTOR), 1024);
  const failed = device.reads.filter(({ result }) => result < 0);
  assertEquals(failed.map(({ offset, length }) => [offset / 512, length / 512]), [
    [0, 2048],
    [1000, 1],
    [1792, 128],
    [1800, 1],
  ]);
});

Deno.test("nothing is read ahead that the image cannot take", () => {
  const device = new SimulatedDevice(4 * MIB);
  using run = new SimulatedRun(device);
  run.refuseWrites();
  run.sessions[0].prefetch(64 * KIB, MIB);
  run.finish();
  assertEquals(device.reads.length, 0);
  run.sessions[0].prefetch(64 * KIB, MIB);
  run.ask(0, 0, 64 * KIB);
  run.reader.step();
  assertEquals(readsOf(device), [[0, 64]]);
});

Deno.test("too many hints are dropped, and their places are free again afterwards", () => {
  const device = new SimulatedDevice(64 * MIB);
  using run = new SimulatedRun(device);
  for (let count = 0; count < 40; count++) run.sessions[0].prefetch(count * MIB, 64 * KIB);
  run.finish();
  assertEquals(device.reads.length, 16);
  for (let count = 40; count < 50; count++) run.sessions[0].prefetch(count * MIB, 64 * KIB);
  run.finish();
  assertEquals(device.reads.length, 26);
});

Deno.test("a hint of one sector that fails has tried it alone", () => {
  const device = new SimulatedDevice(64 * KIB);
  device.bad.add(20);
  using run = new SimulatedRun(device);
  run.sessions[0].prefetch(20 * 512, 512);
  run.finish();
  assertEquals(run.picture(19 * 512, 22 * 512), "?-?");
});

Deno.test("a hint asks for whole sectors", () => {
  const device = new SimulatedDevice(256 * KIB, 4096);
  device.bad.add(3);
  using run = new SimulatedRun(device);
  run.sessions[0].prefetch(5000, 10_000);
  run.ask(0, 0, 4096);
  run.finish();
  assertEquals(device.reads[0], { offset: 0, length: 16_384, result: -61 });
  assertEquals(run.picture(), "+***" + "?".repeat(60));
});
