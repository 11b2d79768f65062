// The image's disk is full: what only the image wants is not read from the device, nothing is read twice because of
// that, the run says what it waits for, and goes on or ends with exit code 5.

import { assert, assertEquals } from "@std/assert";
import { FailingDevice } from "../harness/failing_device.ts";
import { areasOf, bytesWith } from "../harness/mapfile_areas.ts";
import type { SourceRead } from "../harness/nbd_source.ts";
import { hasTools, isRoot } from "../harness/requires.ts";
import { Served } from "../harness/served.ts";
import { SmallFileSystem } from "../harness/small_file_system.ts";
import { assertSameFile, TestFolder } from "../harness/test_folder.ts";
import { tool, until } from "../harness/tool.ts";

const ignore = !isRoot() || !hasTools("nbdkit", "nbdfuse", "losetup", "mount", "nbdcopy");
const MIB = 1024 * 1024;
const SIZE = 8 * MIB;
const FILL = ["--fill", "--exit-when-complete", "--save-interval=0.2"];

/** How often the sector was read that was read most often. The start of the device is read to identify it. */
function mostReads(reads: readonly SourceRead[]): number {
  const counts = new Map<number, number>();
  for (const { offset, length } of reads) {
    for (let at = offset; at < offset + length; at += 512) {
      counts.set(at, (counts.get(at) ?? 0) + 1);
    }
  }
  return Math.max(0, ...counts.values());
}

function isPaused(served: Served): boolean {
  return /"paused":\{"errno":28,[^}]*"needs":\d+,"has":\d+\}/.test(served.program.stdout);
}

Deno.test({
  name: "fill stops reading when the image's disk is full, and goes on when there is room",
  ignore,
  async fn() {
    using folder = new TestFolder();
    const file = folder.noise("source", SIZE);
    await using device = await FailingDevice.make(file);
    await using small = await SmallFileSystem.tmpfs(folder.file("small"), 6 * MIB);
    await using served = await Served.start(device.path, {
      dir: folder.path,
      image: "small/image",
      args: [...FILL, `--map=${folder.file("map")}`],
    });
    device.source.mark();
    await until("it is paused", () => isPaused(served));
    const { length } = device.source.reads();
    // Twice as long as between two looks for room.
    const told = served.program.stdout.length;
    await until("time passes", () => served.program.stdout.length > told + 4 * 500);
    assertEquals(device.source.reads().length, length, "reads while there is no room");

    await small.remount("size=32M");
    const { code } = await served.program.ended();
    assertEquals(code, 0);
    assertSameFile(served.image, file);
    assertEquals(mostReads(device.source.reads()), 1);
  },
});

Deno.test({
  name:
    "with --exit-when-complete a limit of the image's size ends the run, exit code 5, the map true",
  ignore: ignore || !hasTools("prlimit"),
  async fn() {
    using folder = new TestFolder();
    const file = folder.noise("source", SIZE);
    await using device = await FailingDevice.make(file);
    await using served = await Served.start(device.path, {
      dir: folder.path,
      args: [...FILL, "--rate=2Mi", "--give-up-after=1"],
    });
    device.source.mark();
    await tool("prlimit", [`--pid=${served.program.pid}`, `--fsize=${SIZE / 2}`]);
    const { code } = await served.program.ended();
    assertEquals(code, 5);
    assertEquals(mostReads(device.source.reads()), 1);
    const image = Deno.readFileSync(served.image);
    const source = Deno.readFileSync(file);
    for (const { start, end, status } of areasOf(served.map)) {
      if (status === "+") assertEquals(image.subarray(start, end), source.subarray(start, end));
    }
  },
});

Deno.test({
  name: "with --exit-when-complete a disk that stays full ends the run, exit code 5, the map true",
  ignore,
  async fn() {
    using folder = new TestFolder();
    const file = folder.noise("source", SIZE);
    await using device = await FailingDevice.make(file);
    await using _small = await SmallFileSystem.tmpfs(folder.file("small"), 6 * MIB);
    await using served = await Served.start(device.path, {
      dir: folder.path,
      image: "small/image",
      args: [...FILL, `--map=${folder.file("map")}`, "--give-up-after=1"],
    });
    device.source.mark();
    const { code } = await served.program.ended();
    assertEquals(code, 5);
    assertEquals(mostReads(device.source.reads()), 1);
    const cached = bytesWith("+", areasOf(folder.file("map")));
    assert(cached > 3 * MIB && cached < SIZE, `${cached} bytes are kept`);
  },
});

Deno.test({
  name:
    "clients' reads of what the image cannot take are made once, and written when there is room",
  ignore,
  async fn() {
    using folder = new TestFolder();
    const file = folder.noise("source", SIZE);
    await using device = await FailingDevice.make(file);
    await using small = await SmallFileSystem.tmpfs(folder.file("small"), 2 * MIB);
    const map = folder.file("map");
    await using served = await Served.start(device.path, {
      dir: folder.path,
      image: "small/image",
      args: ["--save-interval=0.2", "--read-ahead=0", `--map=${map}`],
    });
    device.source.mark();
    for (let copy = 0; copy < 2; copy++) {
      await tool("nbdcopy", [served.uri, folder.file("copy")]);
      assertSameFile(folder.file("copy"), file);
    }
    assertEquals(mostReads(device.source.reads()), 1);
    await small.remount("size=32M");
    await until("the image has all of it", () => bytesWith("+", areasOf(map)) === SIZE);
    assertSameFile(served.image, file);
    assertEquals(mostReads(device.source.reads()), 1);
    const { code } = await served.stop();
    assertEquals(code, 0);
  },
});
