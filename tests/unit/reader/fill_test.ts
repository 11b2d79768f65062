// A fill as a whole: its domain, its neighbourhoods, its limits and its ends.
import { assert, assertEquals } from "@std/assert";
import { FileMap } from "../../../src/map/file_map.ts";
import { BAD_SECTOR, FINISHED, NON_TRIED } from "../../../src/map/statuses.ts";
import { Fill } from "../../../src/reader/fill/fill.ts";
import { makeSickDrive } from "../../harness/sick_drives/sick_drives.ts";
import { SickModel } from "../../harness/sick_model.ts";
import { NO_LIMITS, SimulatedFill } from "./simulated_fill.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

Deno.test("a domain: only what is finished in it is read, and the phase is of the rest", () => {
  const model = new SickModel(8 * MIB);
  model.spoil(MIB, 512);
  model.spoil(3 * MIB - 512, 1024);
  const domain = FileMap.create(8 * MIB);
  domain.set(100 * KIB, 200 * KIB, FINISHED);
  domain.set(MIB - 512, 3 * MIB, FINISHED);
  domain.set(5 * MIB, 8 * MIB, FINISHED);
  const fill = new SimulatedFill(model, { domain, options: { retryPasses: 1 } }).run();
  assertEquals(fill.fill.ended, "complete");
  for (const { start, end, status } of domain.ranges()) {
    for (const run of fill.map.ranges(start, end)) {
      const expected = model.truth.at(run.start);
      assertEquals(run.status, status === FINISHED ? expected : NON_TRIED);
    }
  }
  assertEquals([fill.map.phase, fill.map.pass, fill.map.position], ["?", 1, 0]);
});

Deno.test("where a client has read, fill goes on; the pass is not moved", () => {
  const model = new SickModel(64 * MIB);
  const fill = new SimulatedFill(model);
  fill.step();
  const { position } = fill.map;
  fill.fill.clientRead(40 * MIB, 4 * KIB, fill.nowMs);
  fill.fill.clientRead(20 * MIB, 4 * KIB, fill.nowMs);
  fill.run(() => fill.fill.offset === position);
  // The latest place first, each up to 8 MiB.
  let at = 20 * MIB;
  for (const { offset, length } of fill.reads.slice(1)) {
    assertEquals(offset, at);
    at += length;
    if (at === 28 * MIB) at = 40 * MIB;
  }
  assertEquals([at, fill.map.position], [48 * MIB, position]);
  fill.run().assertComplete();
});

Deno.test("a neighbourhood is left at its first error", () => {
  const model = new SickModel(64 * MIB);
  model.spoil(20 * MIB, 4 * MIB);
  const fill = new SimulatedFill(model);
  fill.fill.clientRead(20 * MIB, 4 * KIB, 0);
  while (fill.reads.length < 2) fill.step();
  assertEquals(fill.reads.map(({ offset }) => offset), [20 * MIB, 0]);
});

Deno.test("a client that has just read is given time to read again", () => {
  const fill = new SimulatedFill(new SickModel(64 * MIB));
  fill.step();
  fill.fill.clientRead(4 * KIB, 4 * KIB, fill.nowMs);
  const waitMs = fill.fill.waitMs(fill.nowMs);
  assert(waitMs >= 2 && waitMs < 50, `${waitMs}`);
  assertEquals(fill.fill.next(fill.nowMs), false);
  assertEquals(fill.fill.next(fill.nowMs + waitMs), true);
});

Deno.test("a client's read, and one that fails, end a rest", () => {
  for (const isGood of [true, false]) {
    const name = "slow after a failure until rested";
    const fill = new SimulatedFill(makeSickDrive(name, 64 * MIB, 1));
    while (fill.fill.restAt(fill.nowMs) === undefined) fill.step();
    assert(fill.fill.waitMs(fill.nowMs) >= 1000);
    if (isGood) fill.fill.clientRead(4 * KIB, 4 * KIB, fill.nowMs);
    else fill.fill.clientFailed(4 * KIB, fill.nowMs);
    assertEquals(fill.fill.restAt(fill.nowMs), undefined);
    assert(fill.fill.waitMs(fill.nowMs) <= 500);
  }
});

Deno.test("--rate: no more bytes a second", () => {
  const model = new SickModel(20 * MIB);
  const fill = new SimulatedFill(model, { options: { rate: 2 * MIB } }).run();
  assert(Math.abs(fill.nowMs - 10_000) < 100, `${fill.nowMs}`);
});

Deno.test("--max-read-rate: clients count, but do not wait", () => {
  const model = new SickModel(20 * MIB);
  const fill = new SimulatedFill(model, { options: { maxReadRate: 2 * MIB } });
  fill.fill.clientRead(0, 4 * MIB, 0);
  assert(Math.abs(fill.fill.waitMs(0) - 2000) < 1);
  fill.run();
  assert(Math.abs(fill.nowMs - 12_000) < 300, `${fill.nowMs}`);
});

Deno.test("--pause-on-error and --cooldown rest", () => {
  const sick = () => SickModel.make("scattered", 64 * MIB, 3);
  const plain = new SimulatedFill(sick()).run();
  const paused = new SimulatedFill(sick(), { options: { pauseOnErrorMs: 1000 } }).run();
  assertEquals(paused.failingReads, plain.failingReads);
  // After the last error there may be nothing to wait for.
  const restedMs = paused.nowMs - plain.nowMs;
  assert(Math.abs(restedMs - 1000 * plain.failingReads) <= 1000, `${restedMs}`);
  const model = new SickModel(64 * MIB);
  model.spoil(MIB, 100 * 512);
  const cooled = new SimulatedFill(model, { options: { cooldownMs: 60_000 } }).run();
  assertEquals(Math.floor(cooled.nowMs / 60_000), 3);
});

Deno.test("--max-errors and --max-error-rate give up, and leave the phase as it is", () => {
  const model = new SickModel(64 * MIB);
  model.spoil(MIB, 100 * 512);
  const counted = new SimulatedFill(model, { options: { maxErrors: 10 } }).run();
  assertEquals([counted.fill.ended, counted.failingReads], ["too many errors", 11]);
  assertEquals(counted.map.phase, "/");
  const none = new SimulatedFill(model, { options: { maxErrors: 0 } }).run();
  assertEquals([none.fill.ended, none.failingReads], ["too many errors", 1]);
  const fast = new SimulatedFill(model, { options: { maxErrorRate: 10_000 } }).run();
  assertEquals(fast.fill.ended, "too many errors per second");
  new SimulatedFill(model, { options: { maxErrorRate: 100_000_000 } }).run().assertComplete();
});

Deno.test("a full map ends it", () => {
  const map = FileMap.create(MIB);
  const fill = new Fill({
    map,
    domain: undefined,
    sectorSize: 512,
    options: NO_LIMITS,
    mark: () => false,
  });
  assertEquals(fill.next(0), true);
  fill.failed(1, 1);
  assertEquals([fill.ended, fill.next(2), fill.waitMs(2)], ["map full", false, Infinity]);
});

Deno.test("reads that the system refuses are tried again later, and end it some day", () => {
  const { fill } = new SimulatedFill(new SickModel(MIB));
  let nowMs = 0;
  for (let refusals = 0; refusals < 10; refusals++) {
    assertEquals([fill.ended, fill.next(nowMs)], [undefined, true]);
    fill.refused(nowMs);
    assertEquals(fill.next(nowMs), false);
    nowMs += fill.waitMs(nowMs);
  }
  assertEquals(fill.ended, "reads are refused");
});

Deno.test("a map that takes no more ends it", () => {
  const { fill } = new SimulatedFill(new SickModel(MIB));
  assertEquals(fill.next(0), true);
  fill.unkept(10_000);
  assertEquals(fill.ended, "map full");
});

Deno.test("what is taken back of a fill: its end, its passes of retrying, its count of errors", () => {
  const model = new SickModel(64 * KIB);
  model.spoilSector(0);
  const simulated = new SimulatedFill(model, { options: { retryPasses: 2, maxErrors: 4 } });
  simulated.run(() => simulated.map.phase === "-");
  const { fill, map } = simulated;
  const before = [map.pass, map.position, fill.ended];
  simulated.unproved.begin();
  fill.doubted();
  for (let failures = 0; fill.next(0); failures++) {
    assert(failures < 10);
    fill.failed(1, 0);
  }
  assert(fill.ended !== undefined);
  simulated.unproved.takeBack();
  fill.takenBack();
  assertEquals([map.pass, map.position, fill.ended], before);
  // Both passes are still to be made, and the failures are forgiven.
  simulated.run();
  assertEquals([fill.ended, simulated.failingReads], ["complete", 4]);
});

Deno.test("what clients leave behind in a later phase is had in the end", () => {
  const model = new SickModel(8 * MIB);
  model.spoil(MIB, 20 * 512);
  const fill = new SimulatedFill(model);
  fill.run(() => fill.map.phase === "/");
  // As an image does that has lost a stretch, and a read for a client that failed.
  fill.map.set(2 * MIB, 3 * MIB, NON_TRIED);
  fill.run().assertComplete();
});

Deno.test("verification: a sample of what is there is read again, spread over the device, at the end", () => {
  const model = new SickModel(64 * MIB);
  model.spoil(0, MIB);
  const map = FileMap.create(64 * MIB);
  map.set(0, MIB, BAD_SECTOR);
  map.set(MIB, 63 * MIB, FINISHED);
  // Failing where it was once read.
  model.spoil(40 * MIB, 512);
  const { fill } = new SimulatedFill(model, { map, options: { verifyBytes: 2 * MIB } });
  const offsets: number[] = [];
  const before = map.version;
  for (let nowMs = 0; fill.next(nowMs); nowMs++) {
    if (!fill.isVerifying) {
      map.set(fill.offset, fill.offset + fill.length, FINISHED);
      fill.succeeded(fill.length, 1, nowMs);
      assertEquals(offsets.length, 0);
      continue;
    }
    offsets.push(fill.offset);
    if (model.goodBytes(fill.offset, fill.length) < fill.length) fill.failed(1, nowMs);
    else fill.compared(fill.length, fill.offset < 50 * MIB, 1, nowMs);
  }
  assert(map.version > before);
  assertEquals([fill.ended, offsets.length], ["complete", 32]);
  assertEquals(offsets, offsets.toSorted((a, b) => a - b));
  assert(offsets[0] >= MIB && offsets[31] >= 61 * MIB, offsets.join());
  const { same, differing, unreadable } = fill.verified!;
  assertEquals([same + differing + unreadable, unreadable], [2 * MIB, 64 * KIB]);
  assert(differing > 0 && same > differing);
  assertEquals(map.at(40 * MIB), FINISHED);
});

Deno.test("verification of more than there is reads all of it once", () => {
  const model = new SickModel(4 * MIB);
  const map = FileMap.create(4 * MIB);
  map.set(0, 4 * MIB, FINISHED);
  const { fill } = new SimulatedFill(model, { map, options: { verifyBytes: 100 * MIB } });
  let end = 0;
  while (fill.next(0)) {
    assertEquals(fill.offset, end);
    end += fill.length;
    fill.compared(fill.length, true, 0, 0);
  }
  assertEquals([end, fill.verified], [4 * MIB, { same: 4 * MIB, differing: 0, unreadable: 0 }]);
});
