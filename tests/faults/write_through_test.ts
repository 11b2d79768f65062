// Writes to the device: what a kill leaves behind, and who is refused.
//
// BLKCACHE_SEED repeats the moments and the requests of a run, as far as the machine allows.

import { assert, assertEquals, assertMatch } from "@std/assert";
import { LoopDevice } from "../harness/loop_device.ts";
import { areasOf, bytesWith } from "../harness/mapfile_areas.ts";
import { nbdScript, writeThrough, writeUntilKilled } from "../harness/nbd_writer.ts";
import { runProgram } from "../harness/program.ts";
import { hasTools, isRoot } from "../harness/requires.ts";
import { Served } from "../harness/served.ts";
import { assertSameBytes, assertSameFile, exists, TestFolder } from "../harness/test_folder.ts";
import { tool } from "../harness/tool.ts";
import { chooseSeed, Random } from "../model/map_random.ts";

const MIB = 1024 * 1024;
const KILLS = 8;
/** Two regions of the record, the second a short one with a short sector. */
const SIZE = 17 * MIB + 300;
const args = ["--write-through", "--save-interval=0.1"];

/** What the mapfile claims is on the device. */
function assertTrue(folder: TestFolder, device: string): void {
  const image = Deno.readFileSync(folder.file("image"));
  const bytes = Deno.readFileSync(device);
  for (const { start, end, status } of areasOf(folder.file("image.map"))) {
    if (status === "+") {
      assertSameBytes(image.slice(start, end), bytes.slice(start, end), `${start}`);
    }
  }
}

Deno.test(`kill -9 at ${KILLS} moments leaves no byte in the image that a file has not`, () => {
  return killAgainAndAgain(SIZE, (file) => ({ path: file, [Symbol.dispose]() {} }));
});

Deno.test({
  name: `kill -9 at ${KILLS} moments leaves no byte in the image that a block device has not`,
  ignore: !isRoot() || !hasTools("losetup"),
  fn: () => killAgainAndAgain(20 * MIB, (file) => LoopDevice.attach(file, { sectorSize: 4096 })),
});

async function killAgainAndAgain(
  size: number,
  attach: (file: string) => Disposable & { readonly path: string },
): Promise<void> {
  const seed = chooseSeed();
  const random = new Random(seed);
  using folder = new TestFolder();
  const file = folder.noise("device", size, seed);
  using attached = attach(file);
  const device = attached.path;
  const model = folder.file("model");
  Deno.copyFileSync(file, model);
  let flushes = 0;
  let claimed = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    await using served = await Served.start(device, { dir: folder.path, args });
    assertTrue(folder, file);
    const again = served.messages("warning").some((text) => text.includes("count as not tried"));
    assertEquals(again, claimed > 0, "the record of the last run is heeded");
    const task = { uri: served.uri, model, seed: seed + kill };
    const written = await writeUntilKilled(task, async () => {
      await new Promise((resolve) => setTimeout(resolve, 50 + random.below(300)));
      await served.stop("SIGKILL");
    });
    flushes += written.flushes;
    claimed = claimedInRecord(folder);
  }
  assert(flushes > 0);
  await using served = await Served.start(device, { dir: folder.path, args });
  await writeThrough({ uri: served.uri, model, seed, operations: 50 });
  await tool("nbdcopy", [served.uri, folder.file("copy")]);
  const { code, done } = await served.stop();
  assertEquals(code, 0);
  assertEquals(done?.totals.finished, size);
  assertEquals(exists(folder.file("image.writing")), false);
  for (const name of ["device", "image", "copy"]) assertSameFile(folder.file(name), model);
  // The end was a clean one: nothing is read again, and the device is known although its start has changed.
  await using later = await Served.start(device, { dir: folder.path });
  const end = await later.stop();
  assertEquals([end.done?.deviceBytes, end.done?.totals.finished], [0, size]);
}

/** Bytes of the mapfile's `+` that lie in regions which the record names. */
function claimedInRecord(folder: TestFolder): number {
  const record = folder.file("image.writing");
  if (!exists(record)) return 0;
  const states = Deno.readTextFileSync(record).slice(128).trim();
  return [...states].reduce((sum, state, region) => {
    if (state !== "w") return sum;
    const [start, end] = [region * 16 * MIB, (region + 1) * 16 * MIB];
    const inside = areasOf(folder.file("image.map")).map((area) => ({
      ...area,
      start: Math.max(area.start, start),
      end: Math.min(area.end, end),
    }));
    return sum + bytesWith("+", inside.filter((area) => area.end > area.start));
  }, 0);
}

Deno.test("two cannot write to one file", async () => {
  using folder = new TestFolder();
  const device = folder.noise("device", MIB);
  await using _served = await Served.start(device, { dir: folder.path, args });
  const { code, stderr } = await runProgram(
    ["serve", device, folder.file("image2"), `--socket=${folder.file("s")}`, ...args],
    { dir: folder.path },
  );
  assertEquals(code, 1);
  assertMatch(stderr, /cannot write to ".*device": another blkcache does/);
});

Deno.test("a record of writes that cannot be understood is refused", async () => {
  using folder = new TestFolder();
  const device = folder.noise("device", MIB);
  const image = folder.file("image");
  {
    await using served = await Served.start(device, { dir: folder.path });
    await tool("nbdcopy", [served.uri, folder.file("copy")]);
    await served.stop();
  }
  Deno.writeTextFileSync(`${image}.writing`, "what is this");
  const { code, stderr } = await runProgram(
    ["serve", device, image, `--socket=${folder.file("s")}`],
    { dir: folder.path },
  );
  assertEquals(code, 1);
  assertMatch(stderr, /cannot understand the record of writes ".*image\.writing"/);
});

Deno.test({
  name: "a write over a bad sector makes it good, a part of one cannot be written",
  async fn() {
    using folder = new TestFolder();
    const device = folder.noise("device", MIB);
    Deno.copyFileSync(device, folder.file("image"));
    const map = "0x0 + 1\n0x0 0x20000 +\n0x20000 0x400 -\n0x20400 0xDFC00 +\n";
    Deno.writeTextFileSync(folder.file("image.map"), map);
    await using served = await Served.start(device, { dir: folder.path, args });
    const script = `
for length, offset in ((512, 131072), (100, 131700)):
    try:
        h.pread(length, offset)
        raise SystemExit(f"{offset} could be read")
    except nbd.Error as error:
        assert error.errno == "EIO", error.errno
try:
    h.pwrite(b"p" * 100, 131700)
    raise SystemExit("a part of a bad sector was written")
except nbd.Error as error:
    assert error.errno == "EIO", error.errno
h.pwrite(b"w" * 512, 131072)
assert h.pread(512, 131072) == b"w" * 512
`;
    await nbdScript(served.uri, script);
    assertEquals((await served.stop()).code, 0);
    assertEquals(areasOf(folder.file("image.map")).map(({ start, status }) => [start, status]), [
      [0, "+"],
      [131_584, "-"],
      [132_096, "+"],
    ]);
    assertEquals(Deno.readFileSync(device).slice(131_072, 131_584), new Uint8Array(512).fill(119));
  },
});

Deno.test({
  name: "a device that is read-only, mounted or in use is not written to, and who has it is said",
  ignore: !isRoot() || !hasTools("losetup", "mkfs.ext4"),
  async fn() {
    using folder = new TestFolder();
    const file = folder.noise("file", 4 * MIB);
    const start = (device: string, ...more: string[]) =>
      runProgram(
        ["serve", device, folder.file("image"), `--socket=${folder.file("s")}`, ...args, ...more],
        { dir: folder.path },
      );
    {
      using loop = LoopDevice.attach(file, { readOnly: true });
      const { code, stderr } = await start(loop.path);
      assertEquals(code, 1);
      assertMatch(stderr, /"\/dev\/loop\d+" is write-protected/);
    }
    await tool("mkfs.ext4", ["-q", "-F", file]);
    {
      using loop = LoopDevice.attach(file);
      const place = folder.file("mnt");
      Deno.mkdirSync(place);
      await tool("mount", [loop.path, place]);
      try {
        const mounted = await start(loop.path);
        assertEquals(mounted.code, 1);
        assertMatch(mounted.stderr, new RegExp(`it is mounted at "${place}"`));
        const behind = await start(file);
        assertMatch(behind.stderr, /it is in use as "\/dev\/loop\d+"/);
      } finally {
        await tool("umount", [place]);
      }
    }
    const both = await start(file, "--overlay", folder.file("overlay"));
    assertEquals(both.code, 2);
    assertEquals(folder.listing().filter((line) => line.startsWith("image")), []);
  },
});

Deno.test({
  name: "what fio has written through to a block device verifies, and device and image are equal",
  ignore: !isRoot() || !hasTools("losetup", "fio"),
  async fn() {
    using folder = new TestFolder();
    const file = folder.noise("file", 24 * MIB);
    using loop = LoopDevice.attach(file, { sectorSize: 4096 });
    await using served = await Served.start(loop.path, { dir: folder.path, args });
    await tool("fio", [
      "--name=verify",
      "--ioengine=nbd",
      `--uri=${served.uri}`,
      "--rw=randrw",
      "--bssplit=512/20:4k/40:12k/20:128k/20",
      "--size=24M",
      "--io_size=16M",
      "--iodepth=16",
      "--verify=crc32c",
      "--verify_fatal=1",
      "--fsync=64",
      "--serialize_overlap=1",
      "--randseed=7",
    ], { cwd: folder.path });
    await tool("nbdcopy", [served.uri, folder.file("copy")]);
    const { code, done } = await served.stop();
    assertEquals([code, done?.totals.finished], [0, 24 * MIB]);
    await tool("blockdev", ["--flushbufs", loop.path]);
    loop.detach();
    assertSameFile(folder.file("image"), file);
    assertSameFile(folder.file("copy"), file);
  },
});
