// What the proof that a device answers costs where clients read bad sectors, and what it is worth.
import { assert, assertEquals } from "@std/assert";
import { EIO, ENODATA } from "../../../src/sys/errno.ts";
import { SimulatedDevice } from "./simulated_device.ts";
import { SimulatedRun } from "./simulated_run.ts";

const SECTOR = 512;
const GOOD = 64;
const SECTORS = 2048;

/** The start of it can be read, and no sector behind that but each `goodEvery`-th. */
function worn(errno: number, goodEvery = Infinity): SimulatedDevice {
  const device = new SimulatedDevice(SECTORS * SECTOR);
  device.errno = errno;
  for (let sector = GOOD; sector < SECTORS; sector++) {
    if (sector % goodEvery !== 0) device.bad.add(sector);
  }
  return device;
}

for (const errno of [EIO, ENODATA]) {
  for (const goodEvery of [Infinity, 2, 9]) {
    for (const length of [SECTOR, 8 * SECTOR, 128 * SECTOR]) {
      const what = `errno ${errno}, each ${goodEvery}th sector good, ${length} bytes a time`;
      Deno.test(`checks are a hundredth of the reads of a client at most: ${what}`, () => {
        const device = worn(errno, goodEvery);
        using run = new SimulatedRun(device);
        run.read(0, GOOD * SECTOR);
        for (let offset = GOOD * SECTOR; offset < device.size; offset += length) {
          const wanted = Math.min(length, device.size - offset);
          const { unreadable } = run.read(offset, wanted);
          for (let at = offset; at < offset + wanted; at += SECTOR) {
            if (!device.bad.has(at / SECTOR)) continue;
            assert(unreadable.some(([start, end]) => start <= at && at < end), `${at} is served`);
          }
        }
        const reads = device.reads.length;
        // Two reads are what the first check may cost.
        assert(device.checks.length <= 2 + reads / 100, `${device.checks.length} beside ${reads}`);
        run.state.end();
        run.reader.run();
        [...run.picture()].forEach((status, sector) => {
          const isBad = device.bad.has(sector);
          assert(status !== (isBad ? "+" : "-"), `sector ${sector}: ${status}`);
        });
        assertEquals(run.unproved.isInDoubt, false);
      });
    }
  }
}

Deno.test("an outage in the middle of a bad stretch marks nothing, though clients were told of failures", () => {
  const device = worn(EIO);
  using run = new SimulatedRun(device);
  run.read(0, GOOD * SECTOR);
  for (let sector = GOOD; sector < SECTORS / 2; sector++) run.read(sector * SECTOR, SECTOR);
  device.override = -EIO;
  let told = 0;
  for (let sector = SECTORS / 2; run.told.at(-1) !== `silent ${EIO}`; sector++) {
    run.ask(0, sector * SECTOR, SECTOR);
    run.finish();
    told += run.ended().length;
  }
  assert(told <= 128, `${told} were told`);
  const picture = run.picture();
  assertEquals(/[^?]/.test(picture.slice(SECTORS / 2)), false);
  assertEquals(picture.slice(0, GOOD), "+".repeat(GOOD));
  // What was proved before stays.
  const proved = picture.indexOf("?") - GOOD;
  assert(proved > SECTORS / 2 - GOOD - 128, `${proved} sectors are known`);
  assertEquals(picture.slice(GOOD, GOOD + proved), "-".repeat(proved));
});

Deno.test("what clients were told without a proof is settled once the device has been at rest for long", () => {
  const device = worn(EIO);
  using run = new SimulatedRun(device);
  run.read(0, GOOD * SECTOR);
  for (let sector = GOOD; sector < GOOD + 50; sector++) run.read(sector * SECTOR, SECTOR);
  const marks = run.unproved;
  assertEquals(marks.isInDoubt, true);
  const checks = device.checks.length;
  device.nowMs += 29_000;
  run.finish();
  assertEquals([marks.isInDoubt, device.checks.length], [true, checks]);
  device.nowMs += 1000;
  run.finish();
  assertEquals([marks.isInDoubt, device.checks.length], [false, checks + 1]);
});
