// Reads that have failed while the medium was identified, as the reader takes them over: they reach the map for good
// when the device proves alive, and not at all when it turns out not to answer.
import { assertEquals } from "@std/assert";
import type { EarlierFailure } from "../../../src/reader/reader_parts.ts";
import {
  BAD_SECTOR,
  FINISHED,
  NON_SCRAPED,
  NON_TRIED,
  NON_TRIMMED,
} from "../../../src/map/statuses.ts";
import { FileMap } from "../../../src/map/file_map.ts";
import { EIO, ENODATA } from "../../../src/sys/errno.ts";
import { SimulatedDevice } from "./simulated_device.ts";
import { SimulatedRun } from "./simulated_run.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
const SECTOR = 512;

function failureOf(start: number, end: number, fields: Partial<EarlierFailure> = {}) {
  return { start, end, errno: EIO, isProved: false, ...fields };
}

const FAILURES: readonly [what: string, failure: EarlierFailure, status: number][] = [
  ["a wide read", failureOf(0, 64 * KIB), NON_TRIMMED],
  ["a sector that was tried alone", failureOf(0, SECTOR), BAD_SECTOR],
];

for (const [what, failure, status] of FAILURES) {
  Deno.test(`${what} that failed before the reader began: doubtful, proved by the next read`, () => {
    const device = new SimulatedDevice(MIB);
    for (let sector = 0; sector < 128; sector++) device.bad.add(sector);
    using run = new SimulatedRun(device, { failures: [failure] });
    assertEquals(run.map.at(0), status);
    assertEquals(run.unproved.isInDoubt, true);
    assertEquals(run.unproved.snapshot().statuses[0], NON_TRIED);
    run.read(512 * KIB, 4 * KIB);
    assertEquals([run.map.at(0), run.unproved.isInDoubt], [status, false]);
    assertEquals(run.unproved.snapshot().statuses[0], status);
  });

  Deno.test(`${what} that failed before the reader began, of a device that answers nothing: taken back`, () => {
    const device = new SimulatedDevice(MIB);
    device.override = -EIO;
    using run = new SimulatedRun(device, { failures: [failure] });
    run.ask(0, 512 * KIB, 4 * KIB);
    run.finish();
    assertEquals(run.told.filter((line) => line.startsWith("silent")), [`silent ${EIO}`]);
    assertEquals([...run.map.ranges()].map(({ status }) => status), [NON_TRIED]);
  });

  Deno.test(`${what} that failed before the reader began, with nothing to do: the device is asked`, () => {
    const device = new SimulatedDevice(MIB);
    using run = new SimulatedRun(device, { failures: [failure] });
    run.finish();
    assertEquals([device.reads.length, device.checks.length > 0], [0, true]);
    assertEquals([run.map.at(0), run.unproved.isInDoubt], [status, false]);
  });
}

Deno.test("a failure that was proved before leaves the map as it is", () => {
  const map = FileMap.create(MIB, { maxTransitions: 100 });
  map.set(0, 64 * KIB, NON_TRIMMED);
  const device = new SimulatedDevice(MIB);
  const failures = [failureOf(0, 64 * KIB, { isProved: true })];
  using run = new SimulatedRun(device, { map, failures });
  assertEquals([...map.ranges()].map(({ status }) => status), [NON_TRIMMED, NON_TRIED]);
  assertEquals(run.unproved.isInDoubt, false);
  // It is not read as wide again.
  run.read(0, 4 * KIB);
  assertEquals(device.reads[0], { offset: 0, length: SECTOR, result: SECTOR });
});

Deno.test("a drive that has said medium error has answered", () => {
  const device = new SimulatedDevice(MIB);
  const failure = failureOf(0, SECTOR, { errno: ENODATA });
  using run = new SimulatedRun(device, { failures: [failure] });
  assertEquals([run.map.at(0), run.unproved.isInDoubt], [BAD_SECTOR, false]);
});

Deno.test("a wide failure takes nothing away from what is known", () => {
  const map = FileMap.create(MIB, { maxTransitions: 100 });
  map.set(4 * KIB, 8 * KIB, FINISHED);
  map.set(8 * KIB, 12 * KIB, NON_SCRAPED);
  map.set(12 * KIB, 16 * KIB, BAD_SECTOR);
  using run = new SimulatedRun(new SimulatedDevice(MIB), {
    map,
    failures: [failureOf(0, 64 * KIB)],
  });
  assertEquals([...map.ranges(0, 64 * KIB)].map(({ status }) => status), [
    NON_TRIMMED,
    FINISHED,
    NON_SCRAPED,
    BAD_SECTOR,
    NON_TRIMMED,
  ]);
  assertEquals(run.unproved.isInDoubt, true);
});
