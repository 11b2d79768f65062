// An image that does not take writes, or has lost bytes: clients get theirs all the same, and the map claims
// nothing that the image does not have.
import { assert, assertEquals } from "@std/assert";
import { BAD_SECTOR, FINISHED } from "../../../src/map/statuses.ts";
import { FileMap } from "../../../src/map/file_map.ts";
import { mount, unmount } from "../../../src/sys/mount.ts";
import { truncateFd } from "../../../src/sys/fd.ts";
import { isRoot } from "../../harness/requires.ts";
import { assertSameBytes } from "../../harness/test_folder.ts";
import { LaterClock } from "./later_clock.ts";
import { SimulatedDevice } from "./simulated_device.ts";
import { SimulatedRun } from "./simulated_run.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
const NEEDS_ROOT = { ignore: !isRoot() };

/** Runs `test` with a folder on a file system of one MiB. */
function onSmallFileSystem(test: (folder: string) => void): void {
  const folder = Deno.makeTempDirSync({ prefix: "blkcache-test-" });
  mount("none", folder, "tmpfs", 0, "size=1m");
  try {
    test(folder);
  } finally {
    unmount(folder, 0);
    Deno.removeSync(folder);
  }
}

/** Every `+` byte is in the image, as the device has it. */
function assertTruth(run: SimulatedRun): void {
  for (const { start, end, status } of run.map.ranges()) {
    if (status !== FINISHED) continue;
    const expected = run.device.content.slice(start, end);
    assertSameBytes(run.imageBytes(start, end - start).slice(), expected, `image at ${start}`);
  }
}

function assertRead(run: SimulatedRun, offset: number, length: number): void {
  const { bytes, unreadable } = run.read(offset, length);
  const expected = run.device.content.slice(offset, offset + length);
  const bad: [number, number][] = [];
  for (let at = offset; at < offset + length; at += run.device.sectorSize) {
    if (!run.device.bad.has(at / run.device.sectorSize)) continue;
    const end = at + run.device.sectorSize;
    expected.fill(0xee, at - offset, end - offset);
    if (bad.at(-1)?.[1] === at) bad.at(-1)![1] = end;
    else bad.push([at, end]);
  }
  assertEquals(unreadable, bad);
  assertSameBytes(bytes, expected, `read at ${offset}`);
}

Deno.test(
  "a full file system: every request gets its bytes, the map its truth, and the image its turn again",
  NEEDS_ROOT,
  () =>
    onSmallFileSystem((folder) => {
      const device = new SimulatedDevice(4 * MIB);
      for (const sector of [5, 3000, 3001, 3002, 6000]) device.bad.add(sector);
      Deno.writeFileSync(`${folder}/filler`, new Uint8Array(512 * KIB).fill(1));
      using run = new SimulatedRun(device, { image: `${folder}/image`, sessions: 2 });
      for (let at = 0; at < device.size; at += 256 * KIB) assertRead(run, at, 256 * KIB);
      assertTruth(run);
      assert(run.map.total(FINISHED) <= MIB / 2);
      assert(run.state.imageSick);
      assertEquals(run.told.filter((line) => line.startsWith("image")), ["image failed -28"]);
      // What a bad sector is need not be kept in the image.
      assertEquals(run.map.total(BAD_SECTOR), device.bad.size * 512);

      Deno.removeSync(`${folder}/filler`);
      using _later = new LaterClock(1000);
      const finished = run.map.total(FINISHED);
      const reads = device.reads.length;
      for (let at = 0; at < device.size; at += 256 * KIB) assertRead(run, at, 256 * KIB);
      assertTruth(run);
      // It has got as much as there was room for, and nothing was read from the device for that.
      assert(run.map.total(FINISHED) > finished + MIB / 4);
      assertEquals(device.reads.length, reads);
      assertEquals(run.told.filter((line) => line.startsWith("image")), [
        "image failed -28",
        "image recovered",
        "image failed -28",
      ]);
    }),
);

Deno.test(
  "zeros that need no room are no sign that a full file system has some",
  NEEDS_ROOT,
  () =>
    onSmallFileSystem((folder) => {
      const device = new SimulatedDevice(4 * MIB);
      device.content.fill(0, 3 * MIB);
      Deno.writeFileSync(`${folder}/filler`, new Uint8Array(1020 * KIB).fill(1));
      using run = new SimulatedRun(device, { image: `${folder}/image` });
      assertRead(run, 0, 256 * KIB);
      using _later = new LaterClock(1000);
      assertRead(run, 3 * MIB, 256 * KIB);
      assertRead(run, MIB, 256 * KIB);
      assertTruth(run);
      assertEquals(run.told, ["image failed -28"]);
    }),
);

Deno.test("bytes in memory stay what they are when the map changes before they are collected", () => {
  const device = new SimulatedDevice(MIB);
  device.bad.add(20);
  using run = new SimulatedRun(device, { retries: 1, sessions: 2 });
  run.refuseWrites();
  run.ask(0, 0, 64 * KIB, 0);
  run.finish();
  // Ended, not collected: meanwhile the bad sector can be read after all, and the good ones no longer.
  device.bad.clear();
  for (let sector = 100; sector < 128; sector++) device.bad.add(sector);
  run.ask(0, 10 * KIB, 512, 1);
  run.ask(1, 50 * KIB, 14 * KIB, 1);
  run.finish();
  const [{ bytes, unreadable }] = run.ended(0);
  assertEquals(unreadable, [[10 * KIB, 10 * KIB + 512]]);
  const expected = device.content.slice(0, 64 * KIB).fill(0xee, 10 * KIB, 10 * KIB + 512);
  assertSameBytes(bytes, expected, "the answer");
});

Deno.test("what a rescue has read and the image has not kept is read again for who comes later", () => {
  const device = new SimulatedDevice(MIB);
  for (const sector of [80, 81, 82, 83, 84, 100, 101, 102]) device.bad.add(sector);
  using run = new SimulatedRun(device, { sessions: 2 });
  run.refuseWrites();
  run.ask(0, 0, 64 * KIB, 0);
  for (let steps = 0; steps < 40; steps++) run.reader.step();
  run.ask(0, 0, 64 * KIB, 1);
  run.finish();
  for (let session = 0; session < 2; session++) {
    const [{ bytes, unreadable }] = run.ended(session);
    for (const [start, end] of unreadable) assert(start >= 80 * 512 && end <= 103 * 512);
    assertSameBytes(bytes.slice(0, 80 * 512), device.content.slice(0, 80 * 512), "before");
    assertSameBytes(bytes.slice(103 * 512), device.content.slice(103 * 512, 64 * KIB), "behind");
  }
});

Deno.test("a map that is full: every request gets its bytes, and nothing wrong is claimed", () => {
  const device = new SimulatedDevice(MIB);
  for (let sector = 0; sector < 2048; sector += 16) device.bad.add(sector);
  const map = FileMap.create(device.size, { maxTransitions: 9 });
  using run = new SimulatedRun(device, { map });
  for (let at = 0; at < device.size; at += 64 * KIB) assertRead(run, at, 64 * KIB);
  assertTruth(run);
  for (const { start, end, status } of map.ranges()) {
    if (status === BAD_SECTOR) assert(device.bad.has(start / 512) && end - start === 512);
  }
  assertEquals(run.told.filter((line) => line === "map full").length, 1);
});

Deno.test("an image cut short: lost bytes come from the device, heal, and `+` is not taken back", () => {
  for (const zeros of [false, true]) {
    const device = new SimulatedDevice(4 * MIB);
    if (zeros) device.content.fill(0, MIB, 3 * MIB);
    using run = new SimulatedRun(device);
    for (let at = 0; at < device.size; at += MIB) run.read(at, MIB);
    assertEquals(run.map.total(FINISHED), device.size);
    truncateFd(run.image, 2 * MIB);
    for (let at = 0; at < device.size; at += 512 * KIB) {
      assertRead(run, at, 512 * KIB);
      assertEquals(run.map.total(FINISHED), device.size);
    }
    assertSameBytes(run.imageBytes(0, device.size).slice(), device.content, "the image");
    const reads = device.reads.length;
    assertRead(run, 0, 4 * MIB);
    assertEquals(device.reads.length, reads);
  }
});

Deno.test("an image cut short: what is lost never reads as zeros, whatever is written behind it", () => {
  const device = new SimulatedDevice(4 * MIB);
  using run = new SimulatedRun(device);
  for (const at of [0, MIB, 2 * MIB]) run.read(at, MIB);
  truncateFd(run.image, MIB);
  // New bytes behind the lost ones, and lost ones behind other lost ones.
  assertRead(run, 3 * MIB, MIB);
  assertRead(run, 2 * MIB + 512 * KIB, 256 * KIB);
  assertRead(run, MIB + 512 * KIB, 256 * KIB);
  assertRead(run, 0, 4 * MIB);
  const extent = { end: 0, status: 0, zero: false };
  run.sessions[0].describe(MIB, 3 * MIB, extent);
  assertEquals(extent.zero, false);
  assertRead(run, MIB, MIB);
});

Deno.test("an image cut short over a device that fails now: the bad sector is an error, and `+` stays", () => {
  const device = new SimulatedDevice(MIB);
  using run = new SimulatedRun(device);
  run.read(0, MIB);
  truncateFd(run.image, 512 * KIB);
  for (const sector of [1100, 1500]) device.bad.add(sector);
  assertRead(run, 512 * KIB, 512 * KIB);
  assertEquals(device.failingReads, 3);
  assertEquals(run.map.total(FINISHED), MIB);
  // The image ends at the first one now, and cannot grow behind it.
  assertRead(run, 0, MIB);
  assertRead(run, 1100 * 512, 512);
});

Deno.test("a read of which the image has lost a part brings the rest of it, and then all", () => {
  const device = new SimulatedDevice(4 * MIB);
  using run = new SimulatedRun(device);
  run.read(0, 2 * MIB);
  truncateFd(run.image, MIB);
  // Nobody has noticed yet: for once the lost part is an error.
  assertEquals(run.read(0, 3 * MIB).unreadable, [[MIB, 2 * MIB]]);
  assertRead(run, 0, 4 * MIB);
  assertRead(run, MIB + 4096, 4096);
});

Deno.test("what another session's read has just finished is a hit for the device, not a loss of the image", () => {
  const device = new SimulatedDevice(MIB);
  using run = new SimulatedRun(device, { sessions: 2 });
  const [first, second] = run.sessions;
  assertEquals(second.readCached(0, 0, 64 * KIB), false);
  first.park(first.pending.take(0, 64 * KIB, Infinity));
  run.finish();
  // Only now the second one parks what it has missed.
  second.park(second.pending.take(0, 64 * KIB, Infinity));
  run.finish();
  assertEquals(device.reads.length, 1);
  assertEquals(second.nextEnded(), 0);
  assertEquals(second.collect(0, 0, 0, 64 * KIB), 0);
  assertSameBytes(
    run.output(1).slice(0, 64 * KIB),
    device.content.slice(0, 64 * KIB),
    "the answer",
  );
});
