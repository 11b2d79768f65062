// Fill as the reader's least urgent work.
import { assert, assertEquals } from "@std/assert";
import { BAD_SECTOR, FINISHED } from "../../../src/map/statuses.ts";
import { Cooling, LOOK_MS } from "../../../src/reader/cooling.ts";
import { progressOf } from "../../../src/server/progress.ts";
import { EAGAIN, ENODEV } from "../../../src/sys/errno.ts";
import { assertSameBytes } from "../../harness/test_folder.ts";
import { LaterClock } from "./later_clock.ts";
import { SimulatedDevice } from "./simulated_device.ts";
import { NO_LIMITS } from "./simulated_fill.ts";
import { SimulatedRun } from "./simulated_run.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
/** Of any fill here; most of them wait for a moment to be over. */
const MOST_STEPS = 10_000_000;

/** Steps until nothing more is read unasked; a fill may have to wait for a moment. */
function fillUp(run: SimulatedRun): void {
  for (let steps = 0; !run.told.some((line) => line.startsWith("fill ended")); steps++) {
    run.reader.step();
    if (steps > MOST_STEPS) throw new Error("the fill does not end");
  }
}

function sickDevice(): SimulatedDevice {
  const device = new SimulatedDevice(8 * MIB);
  for (const sector of [100, 5000, 5001, 5002, 5040, 16_383]) device.bad.add(sector);
  return device;
}

Deno.test("all of a device is read while nobody asks, and everybody is told once", () => {
  const device = sickDevice();
  using run = new SimulatedRun(device, { fill: NO_LIMITS });
  fillUp(run);
  assertEquals(run.reader.step(), false);
  assertEquals(run.told.filter((line) => line.startsWith("fill")), ["fill ended: complete"]);
  assertEquals(run.map.total(BAD_SECTOR), device.bad.size * 512);
  for (const { start, end, status } of run.map.ranges()) {
    if (status !== FINISHED) continue;
    assertSameBytes(
      run.imageBytes(start, end - start),
      device.content.subarray(start, end),
      "image",
    );
  }
});

Deno.test("a fill leaves a hot drive alone and says so, a client is served, and it goes on once that is cool", () => {
  const device = new SimulatedDevice(2 * MIB);
  let celsius = 60;
  const cooling = new Cooling(50, () => celsius);
  using run = new SimulatedRun(device, { fill: NO_LIMITS, cooling });
  assertEquals([run.reader.step(), device.reads.length], [false, 0]);
  const heat = () => progressOf(run.map, run.state, 0, 0).cooling;
  assertEquals(heat(), { celsius: 60, limitCelsius: 50 });
  run.ask(1, MIB, 4 * KIB);
  run.reader.step();
  assertEquals(device.reads.length, 1);
  celsius = 47;
  using _later = new LaterClock(LOOK_MS);
  fillUp(run);
  assertEquals([run.map.total(FINISHED), heat()], [2 * MIB, null]);
});

Deno.test("without it nothing is read unasked", () => {
  const device = sickDevice();
  using run = new SimulatedRun(device);
  assertEquals([run.reader.step(), device.reads.length], [false, 0]);
});

Deno.test("a request that comes during a read of fill is the next one to be read", () => {
  for (const bad of [[], [0], [2000], [0, 2000]]) {
    const device = new SimulatedDevice(16 * MIB);
    for (const sector of bad) device.bad.add(sector);
    using run = new SimulatedRun(device, { fill: NO_LIMITS });
    let asked = -1;
    device.during = () => {
      if (asked >= 0 || device.reads.length < 3) return;
      asked = device.reads.length;
      run.ask(1, 15 * MIB, 4 * KIB);
    };
    for (let answered = false; !answered;) {
      run.reader.step();
      answered = run.ended().length > 0;
    }
    assertEquals(device.reads.length, asked + 2);
    assertEquals(device.reads[asked + 1].offset, 15 * MIB);
  }
});

Deno.test("read-ahead goes before it", () => {
  const device = new SimulatedDevice(16 * MIB);
  using run = new SimulatedRun(device, { fill: NO_LIMITS });
  run.sessions[0].prefetch(9 * MIB, MIB);
  run.reader.step();
  assertEquals(device.reads.map(({ offset }) => offset), [9 * MIB]);
});

Deno.test("its reads are short while the device is sick, by whomever that was found out", () => {
  const device = new SimulatedDevice(16 * MIB);
  using run = new SimulatedRun(device, { fill: NO_LIMITS });
  run.reader.step();
  device.bad.add(12 * 2048);
  run.readThen(12 * MIB, 4 * KIB);
  const before = device.reads.length;
  while (device.reads.length < before + 20) run.reader.step();
  for (const { length } of device.reads.slice(before)) assert(length <= 64 * KIB, `${length}`);
});

Deno.test("where a client has read it goes on", () => {
  const device = new SimulatedDevice(64 * MIB);
  using run = new SimulatedRun(device, { fill: NO_LIMITS });
  run.readThen(40 * MIB, 4 * KIB);
  const before = device.reads.length;
  while (device.reads.length < before + 8) run.reader.step();
  for (const { offset } of device.reads.slice(before)) {
    assert(offset >= 40 * MIB && offset < 48 * MIB, `${offset}`);
  }
});

Deno.test("a device that has gone is not filled while it is away, and that is no end", () => {
  const device = new SimulatedDevice(8 * MIB);
  using run = new SimulatedRun(device, { fill: NO_LIMITS });
  run.reader.step();
  device.override = -ENODEV;
  run.reader.step();
  const reads = device.reads.length;
  assertEquals([run.reader.step(), run.reader.step()], [false, false]);
  assertEquals(device.reads.length, reads);
  assertEquals(run.told, [`silent ${ENODEV}`]);
  device.override = undefined;
  device.nowMs += 5000;
  run.finish();
  assertEquals(run.map.total(FINISHED), device.size);
});

Deno.test("another medium: nothing of it is kept", () => {
  const device = new SimulatedDevice(8 * MIB);
  using run = new SimulatedRun(device, { fill: NO_LIMITS });
  device.sameMedium = false;
  run.reader.step();
  assertEquals(run.map.total(FINISHED), 0);
  assertEquals(run.reader.step(), false);
});

Deno.test("what the system refuses leaves the map as it is, and is not hammered", () => {
  const device = new SimulatedDevice(8 * MIB);
  device.override = -EAGAIN;
  using run = new SimulatedRun(device, { fill: NO_LIMITS });
  assertEquals([run.reader.step(), run.reader.step()], [true, false]);
  assertEquals(device.reads.length, 1);
  assertEquals(run.picture(), "?".repeat(8 * 2048));
});

Deno.test("boundaries inside sectors are read as whole sectors", () => {
  const device = new SimulatedDevice(MIB);
  device.bad.add(7);
  using run = new SimulatedRun(device, { fill: NO_LIMITS });
  const parts: [number, number, number][] = [[0, MIB, FINISHED], [700, 1300, 0], [3700, 4000, 2]];
  for (const [start, end, status] of parts) run.map.set(start, end, status);
  fillUp(run);
  assertEquals(run.map.total(BAD_SECTOR), 300);
  assertEquals(run.map.total(FINISHED), MIB - 300);
  assertSameBytes(run.imageBytes(512, 1024), device.content.subarray(512, 1536), "image");
});

Deno.test("a client that reads where fill has failed costs no failing read of the whole", () => {
  const device = new SimulatedDevice(MIB);
  device.bad.add(5);
  using run = new SimulatedRun(device, { fill: NO_LIMITS });
  run.reader.step();
  assertEquals([device.reads.length, device.failingReads], [1, 1]);
  const { unreadable } = run.read(0, 4 * KIB);
  assertEquals(unreadable, [[5 * 512, 6 * 512]]);
  assertEquals(device.failingReads, 2);
});
