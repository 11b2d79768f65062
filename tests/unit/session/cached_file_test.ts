// A session's view of a device: what it answers at once, what it asks for, and what it makes of the answer.
import { assert, assertEquals } from "@std/assert";
import {
  BAD_SECTOR,
  FINISHED,
  NON_SCRAPED,
  NON_TRIED,
  NON_TRIMMED,
} from "../../../src/map/statuses.ts";
import {
  KIND_READ_AHEAD,
  PARKED_PER_SESSION,
  RESULT_UNCACHED,
  SESSION_MISSES,
} from "../../../src/shared/shared_state.ts";
import { punchHole, truncateFd } from "../../../src/sys/fd.ts";
import { assertSameBytes } from "../../harness/test_folder.ts";
import { SimulatedDevice } from "../reader/simulated_device.ts";
import { SimulatedRun } from "../reader/simulated_run.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

Deno.test("what is cached is answered at once, at any offset and length, and nothing else is", () => {
  const device = new SimulatedDevice(256 * KIB, 2048);
  using run = new SimulatedRun(device);
  const [cached] = run.sessions;
  assertEquals(cached.readCached(0, 0, 1), false);
  run.read(64 * KIB, 64 * KIB);
  const table: [offset: number, length: number, hit: boolean][] = [
    [64 * KIB, 64 * KIB, true],
    [64 * KIB + 1, 1, true],
    [128 * KIB - 1, 1, true],
    [70_001, 5555, true],
    [64 * KIB - 1, 2, false],
    [128 * KIB - 1, 2, false],
    [0, 256 * KIB, false],
  ];
  for (const [offset, length, hit] of table) {
    run.output().fill(0);
    assertEquals(cached.readCached(100, offset, length), hit, `${offset}+${length}`);
    const expected = hit ? device.content.slice(offset, offset + length) : new Uint8Array(length);
    assertSameBytes(run.output().slice(100, 100 + length), expected, `${offset}+${length}`);
  }
  assertEquals(device.reads.length, 1);
});

Deno.test("a request inside sectors asks for whole ones, and gets its own bytes", () => {
  const device = new SimulatedDevice(64 * KIB, 2048);
  device.bad.add(3);
  using run = new SimulatedRun(device);
  const { bytes, unreadable } = run.read(2047, 4098);
  assertEquals(unreadable, [[6144, 6145]]);
  assertSameBytes(bytes.slice(0, 4097), device.content.slice(2047, 6144), "the bytes");
  assertEquals(run.read(6144 + 100, 10).unreadable, [[6244, 6254]]);
  assertEquals(run.read(8191, 2).unreadable, [[8191, 8192]]);
  for (const { offset, length } of device.reads) {
    assertEquals([offset % 2048, length % 2048], [0, 0]);
  }
});

Deno.test("unreadable neighbours are one run, whatever the map calls them", () => {
  const device = new SimulatedDevice(64 * KIB);
  using run = new SimulatedRun(device);
  run.map.set(1024, 1536, BAD_SECTOR);
  run.map.set(1536, 2048, NON_SCRAPED);
  run.map.set(4096, 4608, BAD_SECTOR);
  device.bad.add(3);
  const { unreadable } = run.read(0, 8192);
  assertEquals(unreadable, [[1024, 2048], [4096, 4608]]);
});

Deno.test("a known bad sector costs the device nothing", () => {
  const device = new SimulatedDevice(64 * KIB);
  using run = new SimulatedRun(device);
  run.map.set(0, 8192, BAD_SECTOR);
  assertEquals(run.read(512, 1024).unreadable, [[512, 1536]]);
  assertEquals(device.reads.length, 0);
});

Deno.test("runs are described as they are: unknown, bad, data, zeros", () => {
  const device = new SimulatedDevice(MIB);
  device.content.fill(0, 256 * KIB, 512 * KIB);
  using run = new SimulatedRun(device);
  run.read(0, 640 * KIB);
  run.map.set(700 * KIB, 701 * KIB, BAD_SECTOR);
  run.map.set(701 * KIB, 702 * KIB, NON_TRIMMED);
  const extents: [end: number, status: number, zero: boolean][] = [];
  const extent = { end: 0, status: 0, zero: false };
  for (let at = 0; at < MIB; at = extent.end) {
    run.sessions[0].describe(at, MIB, extent);
    extents.push([extent.end / KIB, extent.status, extent.zero]);
  }
  assertEquals(extents, [
    [256, FINISHED, false],
    [512, FINISHED, true],
    [640, FINISHED, false],
    [700, NON_TRIED, false],
    [701, BAD_SECTOR, false],
    [702, NON_TRIMMED, false],
    [1024, NON_TRIED, false],
  ]);
  run.sessions[0].describe(300 * KIB, 310 * KIB, extent);
  assertEquals([extent.end, extent.zero], [310 * KIB, true]);
  // A hole where the map does not say `+` is not zero.
  run.sessions[0].describe(900 * KIB, MIB, extent);
  assertEquals([extent.end, extent.status, extent.zero], [MIB, NON_TRIED, false]);
});

Deno.test("a hole at the end of the image is zero, what lies behind a cut is not", () => {
  const device = new SimulatedDevice(MIB);
  device.content.fill(0, 512 * KIB);
  using run = new SimulatedRun(device);
  run.read(0, MIB);
  const extent = { end: 0, status: 0, zero: false };
  run.sessions[0].describe(512 * KIB, MIB, extent);
  assertEquals([extent.end, extent.zero], [MIB, true]);
  truncateFd(run.image, 768 * KIB);
  for (const at of [512 * KIB, 768 * KIB, 800 * KIB]) {
    run.sessions[0].describe(at, MIB, extent);
    assertEquals([extent.end, extent.status, extent.zero], [MIB, FINISHED, false]);
  }
});

Deno.test("a hole that somebody makes into the image is read as what it is", () => {
  // Nothing can tell it from zeros: this pins down that describe and read agree.
  const device = new SimulatedDevice(MIB);
  using run = new SimulatedRun(device);
  run.read(0, MIB);
  punchHole(run.image, 0, 64 * KIB);
  const extent = { end: 0, status: 0, zero: false };
  run.sessions[0].describe(0, MIB, extent);
  assertEquals([extent.end, extent.zero], [64 * KIB, true]);
  assertSameBytes(run.read(0, 64 * KIB).bytes, new Uint8Array(64 * KIB), "the hole");
});

Deno.test("every slot can be parked at once, and again", () => {
  const device = new SimulatedDevice(MIB);
  using run = new SimulatedRun(device);
  const [cached] = run.sessions;
  assertEquals(cached.pending.count, PARKED_PER_SESSION);
  for (let round = 0; round < 2; round++) {
    for (let token = 0; token < PARKED_PER_SESSION; token++) {
      const offset = (round * PARKED_PER_SESSION + token) * 512;
      cached.park(cached.pending.take(offset, 512, Infinity));
    }
    assertEquals([cached.pending.underWay, run.state.parkedReads()], [256, 256]);
    run.finish();
    const ended = new Set<number>();
    for (let token = cached.nextEnded(); token >= 0; token = cached.nextEnded()) ended.add(token);
    assertEquals([ended.size, cached.pending.underWay, run.state.parkedReads()], [256, 0, 0]);
  }
  assertEquals(run.state.sumOfSessions(SESSION_MISSES), 512);
  assertEquals(device.reads.length, 2);
});

Deno.test("reading on is seen, hit or miss, and what is missing is hinted", () => {
  const device = new SimulatedDevice(4 * MIB);
  using run = new SimulatedRun(device, { readAhead: MIB, sessions: 2 });
  run.read(256 * KIB, 64 * KIB, 1);
  run.read(0, 64 * KIB);
  run.read(64 * KIB, 64 * KIB);
  // 128 KiB ahead are wanted, of which nothing is there.
  assert(run.map.isFinished(0, 256 * KIB));
  const before = device.reads.length;
  run.read(128 * KIB, 64 * KIB);
  run.finish();
  assertEquals(device.reads[before], { offset: 320 * KIB, length: 128 * KIB, result: 128 * KIB });
});

Deno.test("nothing is hinted that has failed before, or behind it", () => {
  const device = new SimulatedDevice(4 * MIB);
  using run = new SimulatedRun(device, { readAhead: MIB });
  run.map.set(128 * KIB, 129 * KIB, NON_TRIMMED);
  run.ask(0, 0, 64 * KIB);
  run.ask(1, 64 * KIB, 64 * KIB);
  const hinted = () => {
    const { slotKind, slotLength } = run.state;
    return [...slotLength].filter((length, slot) =>
      length > 0 && slotKind[slot] === KIND_READ_AHEAD
    );
  };
  assertEquals(hinted(), []);
  run.map.set(128 * KIB, 129 * KIB, FINISHED);
  run.ask(2, 128 * KIB, 64 * KIB);
  assertEquals(hinted().length, 1);
});

/** Whether memory is mapped at an address. */
function isMapped(address: number): boolean {
  return Deno.readTextFileSync("/proc/self/maps").split("\n").some((line) => {
    const [start, end] = line.split(" ")[0].split("-").map((part) => parseInt(part, 16));
    return start <= address && address < end;
  });
}

Deno.test("memory that the reader may be filling is kept until the read has ended", () => {
  const device = new SimulatedDevice(4 * MIB);
  using run = new SimulatedRun(device);
  const [cached] = run.sessions;
  run.refuseWrites();
  run.ask(0, 0, MIB);
  run.ask(1, 2 * MIB, MIB);
  const addresses = [run.state.slotBounce[0], run.state.slotBounce[1]];
  assert(addresses[0] !== 0 && isMapped(addresses[0]));
  // The client goes while the device reads: what then comes is written into its memory.
  device.during = () => cached.endClient();
  run.reader.step();
  assertEquals([cached.pending.underWay, ...addresses.map(isMapped)], [2, true, true]);
  run.finish();
  assertEquals([cached.nextEnded(), cached.pending.underWay], [-1, 0]);
  assertEquals(addresses.map(isMapped), [false, false]);
  assertEquals(device.reads.length, 1);
});

Deno.test("memory is given back once a read has been collected, and when its client has gone uncollected", () => {
  const device = new SimulatedDevice(MIB);
  using run = new SimulatedRun(device);
  const [cached] = run.sessions;
  run.refuseWrites();
  run.ask(0, 0, MIB);
  const address = run.state.slotBounce[0];
  run.finish();
  assertSameBytes(run.ended()[0].bytes, device.content, "the answer");
  assert(!isMapped(address));
  cached.park(cached.pending.take(0, MIB, Infinity));
  const other = run.state.slotBounce[0];
  run.finish();
  assertEquals(cached.nextEnded(), 0);
  assert(isMapped(other));
  cached.endClient();
  assert(!isMapped(other));
});

Deno.test("memory for what the image cannot take is bounded: the rest waits, and is answered", () => {
  const device = new SimulatedDevice(32 * MIB);
  using run = new SimulatedRun(device, { mostBytes: 32 * MIB });
  const [cached] = run.sessions;
  run.refuseWrites();
  for (let token = 0; token < 6; token++) run.ask(token, 0, 32 * MIB);
  const asked = () => [...run.state.slotBounce].filter((address) => address !== 0).length;
  assertEquals(asked(), 1);
  for (let token = 0; token < 6; token++) {
    run.finish();
    const [{ bytes, unreadable }] = run.ended();
    assertEquals(unreadable, []);
    assertSameBytes(bytes.subarray(0, MIB), device.content.subarray(0, MIB), `${token}`);
  }
  assertEquals([cached.pending.underWay, device.reads.length], [0, 6 * 32]);
});

Deno.test("what waits for memory ends with its client, without a device read", () => {
  const device = new SimulatedDevice(32 * MIB);
  using run = new SimulatedRun(device, { mostBytes: 32 * MIB });
  const [cached] = run.sessions;
  run.refuseWrites();
  for (let token = 0; token < 6; token++) run.ask(token, 0, 32 * MIB);
  cached.endClient();
  run.finish();
  assertEquals(run.ended().length, 0);
  assertEquals([cached.pending.underWay, device.reads.length], [0, 0]);
});

Deno.test("an image that goes bad in between: the read is asked again, without the device, but not for a client that has gone", () => {
  for (const gone of ["no", "abandoned", "left", "ending"]) {
    const device = new SimulatedDevice(MIB);
    using run = new SimulatedRun(device);
    const [cached] = run.sessions;
    run.ask(0, 0, 64 * KIB);
    run.refuseWrites();
    run.finish();
    assertEquals(run.state.slotResult[0], RESULT_UNCACHED);
    if (gone === "abandoned") cached.pending.abandon(0);
    if (gone === "left") cached.endClient();
    if (gone === "ending") run.state.end();
    assertEquals(cached.nextEnded(), gone === "ending" ? 0 : -1);
    if (gone !== "no") {
      assertEquals(run.reader.step(), false);
      assertEquals(device.reads.length, 1);
      continue;
    }
    run.finish();
    assertSameBytes(run.ended()[0].bytes, device.content.slice(0, 64 * KIB), "the answer");
    assertEquals(device.reads.length, 1);
  }
});

Deno.test("an abandoned read goes on, for whoever asks next", () => {
  const device = new SimulatedDevice(MIB);
  using run = new SimulatedRun(device);
  const [cached] = run.sessions;
  run.ask(0, 0, 64 * KIB);
  cached.pending.abandon(0);
  run.finish();
  assertEquals([cached.nextEnded(), cached.pending.underWay], [-1, 0]);
  assertEquals(cached.readCached(0, 0, 64 * KIB), true);
});

Deno.test("the end of the run is the end of the session", () => {
  using run = new SimulatedRun(new SimulatedDevice(MIB));
  assertEquals(run.sessions[0].ending, false);
  run.state.end();
  assertEquals(run.sessions[0].ending, true);
});
