// Two hundred bad sectors, scattered over 64 MiB: everything else is saved, for no more failing reads than
// ddrescue needs, and what is left is ddrescue's to go on with.

import { assert, assertEquals } from "@std/assert";
import { FailingDevice } from "../harness/failing_device.ts";
import { readThrough, wholeDevice } from "../harness/nbd_client.ts";
import { hasTools, isRoot } from "../harness/requires.ts";
import { Served } from "../harness/served.ts";
import { assertSameBytes, TestFolder } from "../harness/test_folder.ts";
import { tool } from "../harness/tool.ts";
import { Random } from "../model/map_random.ts";

const ignore = !isRoot() ||
  !hasTools("nbdkit", "nbdfuse", "losetup", "ddrescue", "ddrescuelog", "qemu-img");
const MIB = 1024 * 1024;
const SIZE = 64 * MIB;
const SECTOR = 512;
const BAD_COUNT = 200;
const EIO = 5;

/** Always the same places, so that runs can be compared. */
const BAD = scattered(new Random(20260101));

Deno.test({
  name:
    "200 scattered bad sectors: a client gets the rest, for no more failing reads than ddrescue",
  ignore,
  async fn() {
    using folder = new TestFolder();
    const file = folder.noise("source", SIZE);
    await using device = await FailingDevice.make(file, { bad: BAD });
    const ddrescueFailures = await failuresOfDdrescue(device, folder);
    await using served = await Served.start(device.path, { dir: folder.path });
    device.source.mark();

    const task = { reads: wholeDevice(SIZE, 262_144), inflight: 8, source: file };
    const reads = await readThrough(served.uri, task);
    assertEquals(sum(reads.map(({ wrong }) => wrong)), 0);
    assertEquals(sum(reads.map(({ good }) => good)), SIZE - BAD_COUNT * SECTOR);
    const errors = reads.flatMap(({ errors }) => errors).sort(([a], [b]) => a - b);
    assertEquals(errors, BAD.map(([offset]) => [offset, EIO]));

    const failures = device.source.failedReads().length;
    console.log(`failing reads: blkcache ${failures}, ddrescue -d ${ddrescueFailures}`);
    assert(failures <= ddrescueFailures, `${failures} failing reads, ddrescue ${ddrescueFailures}`);
    const { done } = await served.stop();
    assertEquals(done?.totals.badSector, BAD_COUNT * SECTOR);
    assertSavedAll(served.image, file);
    await assertNothingLeft(device, served, folder);
  },
});

Deno.test({
  name: "200 scattered bad sectors: qemu-img convert --salvage gets the rest",
  ignore,
  async fn() {
    using folder = new TestFolder();
    const file = folder.noise("source", SIZE);
    await using device = await FailingDevice.make(file, { bad: BAD });
    await using served = await Served.start(device.path, { dir: folder.path });
    const copy = folder.file("copy");
    await tool("qemu-img", ["convert", "--salvage", "-f", "raw", "-O", "raw", served.uri, copy]);
    assertSavedAll(copy, file);
    const { done } = await served.stop();
    assertEquals(done?.totals.badSector, BAD_COUNT * SECTOR);
    assertEquals(done?.totals.finished, SIZE - BAD_COUNT * SECTOR);
    assertSavedAll(served.image, file);
  },
});

/** No two in one physical sector, in ascending order. */
function scattered(random: Random): [offset: number, length: number][] {
  const places = new Set<number>();
  while (places.size < BAD_COUNT) places.add(random.below(SIZE / 4096));
  return Array.from(places).sort((a, b) => a - b)
    .map((place) => [place * 4096 + random.below(8) * SECTOR, SECTOR]);
}

async function failuresOfDdrescue(device: FailingDevice, folder: TestFolder): Promise<number> {
  device.source.mark();
  const image = folder.file("ddrescue");
  await tool("ddrescue", ["--quiet", "--idirect", device.path, image, `${image}.map`]);
  assertSavedAll(image, folder.file("source"));
  return device.source.failedReads().length;
}

/** Zeros where the sectors are bad, the source's bytes everywhere else. */
function assertSavedAll(image: string, source: string): void {
  const expected = Deno.readFileSync(source);
  for (const [offset, length] of BAD) expected.fill(0, offset, offset + length);
  assertSameBytes(Deno.readFileSync(image), expected, image);
}

/** ddrescue, given image and map, finds the rescue finished: it reads nothing but the bad sectors, if asked. */
async function assertNothingLeft(
  device: FailingDevice,
  served: Served,
  folder: TestFolder,
): Promise<void> {
  device.source.mark();
  const args = ["--quiet", "--idirect", device.path, served.image, served.map];
  await tool("ddrescue", args, { cwd: folder.path });
  assertEquals(device.source.reads(), [], "ddrescue has read something");
  await tool("ddrescue", ["--retry-passes=1", ...args], { cwd: folder.path });
  const offsets = device.source.reads().map(({ offset }) => offset).sort((a, b) => a - b);
  assertEquals(offsets, BAD.map(([offset]) => offset));
  const list = await tool("ddrescuelog", ["--list-blocks=-", served.map]);
  assertEquals(list.trim().split("\n").map((block) => Number(block) * SECTOR), offsets);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
