// What is not a bad sector: a device that goes away, another medium, a system that refuses, odd boundaries.
import { assert, assertEquals } from "@std/assert";
import { BAD_SECTOR, FINISHED, NON_SCRAPED, NON_TRIED } from "../../../src/map/statuses.ts";
import { FileMap } from "../../../src/map/file_map.ts";
import {
  EACCES,
  EAGAIN,
  EINVAL,
  ENODEV,
  ENOMEDIUM,
  ENOMEM,
  ENXIO,
} from "../../../src/sys/errno.ts";
import { SLOT_FREE } from "../../../src/shared/shared_state.ts";
import { pwrite } from "../../../src/sys/fd.ts";
import { SimulatedDevice } from "./simulated_device.ts";
import { SimulatedRun, TIMEOUT_MS } from "./simulated_run.ts";
import { assertSameBytes } from "../../harness/test_folder.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

/** The statuses of which the map has bytes, as characters. */
function statusesIn(run: SimulatedRun): string {
  return [...new Set(run.picture())].join("");
}

Deno.test("a device that has gone: nothing is marked, and every request ends when its time is over", () => {
  const results = [0, -ENXIO, -ENODEV];
  for (const result of results) {
    for (const failing of [false, true]) {
      const device = new SimulatedDevice(8 * MIB);
      using run = new SimulatedRun(device, { sessions: 2 });
      if (failing) {
        device.bad.add(4);
        run.ask(0, 0, 64 * KIB);
        for (let steps = 0; steps < 3; steps++) run.reader.step();
      }
      const before = run.picture();
      device.override = result;
      for (let id = 1; id < 6; id++) run.ask(id, id * MIB, 64 * KIB);
      run.ask(0, 2 * MIB, 64 * KIB, 1);
      run.sessions[1].prefetch(7 * MIB, MIB);
      const reads = device.reads.length;
      run.finish();
      assertEquals([run.ended(0), run.ended(1)], [[], []]);
      assertEquals([device.reads.length, device.checks.length], [reads + 1, 2]);
      device.nowMs += TIMEOUT_MS;
      run.finish();
      assertEquals(run.ended(0).length, failing ? 6 : 5);
      assertEquals(run.ended(1).map(({ unreadable }) => unreadable.length), [1]);
      assertEquals(run.picture(), before);
      assertEquals(device.reads.length, reads + 1);
      assertEquals(run.told.filter((line) => line.startsWith("silent")), [`silent ${-result}`]);
      // It was tried again meanwhile, in two places; and once it is back, all is read.
      assertEquals(device.checks.length, 4);
      device.override = undefined;
      run.ask(1, MIB, 64 * KIB, 1);
      device.nowMs += TIMEOUT_MS - 1;
      run.finish();
      assertEquals(run.told.at(-1), "answers");
      assertEquals(run.ended(1).map(({ unreadable }) => unreadable), [[]]);
    }
  }
});

Deno.test("a drive whose medium has gone: every request ends at once", () => {
  const device = new SimulatedDevice(MIB);
  device.isDrive = true;
  using run = new SimulatedRun(device);
  device.override = -ENOMEDIUM;
  for (let id = 0; id < 3; id++) run.ask(id, id * 64 * KIB, 64 * KIB);
  run.finish();
  assertEquals([run.ended().length, device.reads.length], [3, 1]);
  assertEquals(run.told, [`gone ${ENOMEDIUM}`]);
  assertEquals(run.read(0, 512).unreadable, [[0, 512]]);
});

Deno.test("a device that has gone is told as such only, not as a failing read", () => {
  const device = new SimulatedDevice(MIB);
  using run = new SimulatedRun(device);
  device.override = 0;
  run.ask(0, 0, 4 * KIB);
  run.finish();
  assertEquals(run.told, ["silent 0"]);
});

Deno.test("the hint that found the device gone is ended once", () => {
  const device = new SimulatedDevice(MIB);
  using run = new SimulatedRun(device);
  device.override = 0;
  run.sessions[0].prefetch(0, MIB);
  run.reader.step();
  // Were its slot freed once more, this one would lose its place to the next.
  run.sessions[0].prefetch(0, MIB);
  run.finish();
  assertEquals([...run.state.slotState].filter((slot) => slot !== SLOT_FREE), []);
});

Deno.test("another medium: what was read is dropped, good or bad, and every request ends", () => {
  for (const bad of [false, true]) {
    const device = new SimulatedDevice(MIB);
    if (bad) device.bad.add(0);
    using run = new SimulatedRun(device);
    run.ask(0, 0, 64 * KIB);
    run.ask(1, 512 * KIB, 64 * KIB);
    run.sessions[0].prefetch(768 * KIB, 64 * KIB);
    device.sameMedium = false;
    run.finish();
    assertEquals(statusesIn(run), "?");
    assertEquals(run.imageBytes(0, 64 * KIB), new Uint8Array(64 * KIB));
    assertEquals(run.ended().map(({ unreadable }) => unreadable), [
      [[0, 64 * KIB]],
      [[512 * KIB, 576 * KIB]],
    ]);
    assertEquals(device.reads.length, 1);
    assertEquals(run.told.filter((line) => line.startsWith("gone")).length, 1);
  }
});

Deno.test("where somebody has to ask, a medium that leaves while nobody reads is noticed", () => {
  let run: SimulatedRun | undefined;
  const looksTheSame = () => {
    run!.state.end();
    return false;
  };
  const device = Object.assign(new SimulatedDevice(65_536), { looksTheSame });
  using it = run = new SimulatedRun(device);
  it.reader.run();
  assertEquals([it.told, device.reads], [["gone 0"], []]);
});

Deno.test("another medium in the middle of a rescue: the old marks stay, and none is added", () => {
  const device = new SimulatedDevice(MIB);
  for (const sector of [3, 60, 61]) device.bad.add(sector);
  using run = new SimulatedRun(device);
  run.ask(0, 0, 64 * KIB);
  for (let steps = 0; steps < 10; steps++) run.reader.step();
  const before = run.picture();
  device.sameMedium = false;
  run.finish();
  assertEquals(run.picture(), before);
  assertEquals(run.ended().length, 1);
});

Deno.test("what the system refuses marks nothing, and ends those who waited for it only", () => {
  for (const refused of [EINVAL, ENOMEM, EAGAIN, EACCES]) {
    const device = new SimulatedDevice(MIB);
    using run = new SimulatedRun(device);
    run.ask(0, 0, 4 * KIB);
    run.ask(1, 512 * KIB, 4 * KIB);
    run.sessions[0].prefetch(768 * KIB, 64 * KIB);
    device.override = -refused;
    run.reader.step();
    assertEquals(statusesIn(run), "?");
    assertEquals(run.ended().map(({ id }) => id), [0]);
    device.override = undefined;
    run.finish();
    const [{ id, unreadable }] = run.ended();
    assertEquals([id, unreadable], [1, []]);
    assertEquals(run.told, [`0+4096: ${refused}`]);
    assertEquals(run.read(0, 4 * KIB).unreadable, []);
  }
});

Deno.test("a refusal in a rescue or for a hint marks nothing more, and the reader goes on", () => {
  const device = new SimulatedDevice(MIB);
  device.bad.add(5);
  using run = new SimulatedRun(device);
  run.ask(0, 0, 64 * KIB);
  run.ask(1, 32 * KIB, 64 * KIB);
  for (let steps = 0; steps < 4; steps++) run.reader.step();
  const before = run.picture();
  device.override = -ENOMEM;
  run.finish();
  assertEquals(run.picture(), before);
  assertEquals(run.ended().length, 2);
  run.sessions[0].prefetch(512 * KIB, 64 * KIB);
  run.finish();
  assertEquals(run.picture(), before);
  device.override = undefined;
  assertEquals(run.read(0, 64 * KIB).unreadable, [[2560, 3072]]);
});

Deno.test("a file cut short in the middle of a sector is gone there, and no sector is bad", () => {
  for (const cutTo of [10 * KIB, 10 * KIB + 100, 2048]) {
    const device = new SimulatedDevice(64 * KIB, 2048);
    device.buffered = true;
    using run = new SimulatedRun(device);
    device.cutTo = cutTo;
    const { bytes, unreadable } = run.read(0, 64 * KIB);
    const whole = cutTo - cutTo % 2048;
    assertEquals(unreadable, [[whole, 64 * KIB]]);
    assertSameBytes(bytes.slice(0, whole), device.content.slice(0, whole), "what is there");
    assertEquals(run.map.total(BAD_SECTOR), 0);
    assertEquals(run.told, whole > 0 ? [] : ["silent 0"]);
  }
});

Deno.test("a sector that arrives in pieces is put together; one that fails in the middle is bad", () => {
  const device = new SimulatedDevice(64 * KIB, 4096);
  device.buffered = true;
  device.mostBytes = 1024;
  using run = new SimulatedRun(device);
  assertSameBytes(run.read(0, 8 * KIB).bytes, device.content.slice(0, 8 * KIB), "pieces");
  const inner = device.read.bind(device);
  device.read = (address, length, offset) =>
    offset % 4096 === 2048 ? -5 : inner(address, length, offset);
  assertEquals(run.read(16 * KIB, 4 * KIB).unreadable, [[16 * KIB, 20 * KIB]]);
  assertEquals(run.map.total(BAD_SECTOR), 4096);
});

Deno.test("reads that bring less than asked are gone on with", () => {
  for (const mostBytes of [512, 1536, 5000, 64 * KIB]) {
    const device = new SimulatedDevice(256 * KIB);
    device.mostBytes = mostBytes;
    using run = new SimulatedRun(device);
    assertSameBytes(run.read(0, 256 * KIB).bytes, device.content, `${mostBytes} at a time`);
    assertEquals(statusesIn(run), "+");
  }
});

Deno.test("a device whose size is no multiple of its sectors is read to its last byte, in whole sectors", () => {
  for (const size of [100, 2048 + 1, 64 * KIB - 1, MIB + 513]) {
    const device = new SimulatedDevice(size, 2048);
    using run = new SimulatedRun(device);
    assertSameBytes(run.read(0, size).bytes, device.content, `${size} bytes`);
    assertEquals(run.map.total(FINISHED), size);
    for (const { offset, length } of device.reads) {
      assertEquals([offset % 2048, length % 2048], [0, 0]);
    }
  }
});

Deno.test("a bad last sector that is a short one is marked, and no more", () => {
  const device = new SimulatedDevice(64 * KIB + 100, 2048);
  device.bad.add(32);
  using run = new SimulatedRun(device);
  assertEquals(run.read(0, device.size).unreadable, [[64 * KIB, device.size]]);
  assertEquals([run.map.total(BAD_SECTOR), run.map.total(FINISHED)], [100, 64 * KIB]);
});

Deno.test("boundaries of a foreign mapfile inside sectors: whole sectors are read, `+` is kept", () => {
  for (const status of [NON_TRIED, BAD_SECTOR, NON_SCRAPED, 1]) {
    for (const bad of [false, true]) {
      const size = 64 * KIB;
      const map = FileMap.create(size, { maxTransitions: 1000 });
      map.set(1000, 3000, FINISHED);
      map.set(3000, 9000, status);
      map.set(20_000, 20_512, FINISHED);
      const device = new SimulatedDevice(size, 2048);
      for (const sector of bad ? [0, 1, 2, 9] : []) device.bad.add(sector);
      using run = new SimulatedRun(device, { map, retries: 1 });
      for (const at of [1000, 2000, 20_000]) {
        const end = at === 1000 ? 2000 : at === 2000 ? 3000 : 20_512;
        pwrite(run.image, device.content.subarray(at, end), at);
      }
      for (let ask = 0; ask < 10; ask++) {
        const { bytes, unreadable } = run.read(0, size);
        const expected = device.content.slice();
        for (const [start, end] of unreadable) expected.fill(0xee, start, end);
        assertSameBytes(bytes, expected, "the answer");
      }
      assert(map.isFinished(1000, 3000) && map.isFinished(20_000, 20_512));
      assertEquals(map.total(FINISHED) === size, !bad, `${status} ${bad} ${run.picture()}`);
      for (const { offset, length } of device.reads) {
        assertEquals([offset % 2048, length % 2048], [0, 0]);
      }
    }
  }
});

Deno.test("`--retries` tries each bad sector that often on request, alone, and no more", () => {
  const device = new SimulatedDevice(64 * KIB);
  for (const sector of [10, 11, 12]) device.bad.add(sector);
  using run = new SimulatedRun(device, { retries: 2 });
  for (let ask = 0; ask < 5; ask++) run.read(0, 64 * KIB);
  const alone = device.reads.filter(({ length, result }) => length === 512 && result < 0);
  assertEquals(alone.length, 3 * 3);
  device.bad.delete(11);
  assertEquals(run.read(0, 64 * KIB).unreadable, [[5120, 6656]]);

  const other = new SimulatedDevice(64 * KIB);
  for (const sector of [10, 11, 12]) other.bad.add(sector);
  using healing = new SimulatedRun(other, { retries: 2 });
  healing.read(0, 64 * KIB);
  other.bad.delete(11);
  assertEquals(healing.read(0, 64 * KIB).unreadable, [[5120, 5632], [6144, 6656]]);
  assertEquals(healing.picture(5120, 6656), "-+-");
});
