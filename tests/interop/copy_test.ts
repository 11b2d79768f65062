// nbdcopy through the program equals the source byte for byte, whatever its size and sectors; the image too.

import { assertEquals } from "@std/assert";
import { LoopDevice } from "../harness/loop_device.ts";
import { areasOf } from "../harness/mapfile_areas.ts";
import { hasTools, isRoot } from "../harness/requires.ts";
import { Served } from "../harness/served.ts";
import { assertSameFile, TestFolder } from "../harness/test_folder.ts";
import { tool } from "../harness/tool.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

const FILE_SIZES = [
  1,
  511,
  4096 + 512,
  65_536 - 1,
  65_536 + 512,
  MIB,
  3 * MIB + 17,
  9 * MIB + 4096,
];

for (const size of FILE_SIZES) {
  Deno.test({
    name: `nbdcopy of a file of ${size} bytes`,
    ignore: !hasTools("nbdcopy"),
    async fn() {
      using folder = new TestFolder();
      await assertCopied(folder, folder.noise("source", size), folder.file("source"));
    },
  });
}

const LOOP_DEVICES: readonly [sectorSize: number, size: number][] = [
  [512, 3 * MIB + 512],
  [512, 8 * MIB],
  [2048, 3 * MIB + 2048],
  [2048, 65_536 + 3 * 2048],
  [4096, 5 * MIB + 4096],
];

for (const [sectorSize, size] of LOOP_DEVICES) {
  Deno.test({
    name: `nbdcopy of a loop device of ${size} bytes in sectors of ${sectorSize}`,
    ignore: !isRoot() || !hasTools("losetup", "nbdcopy"),
    async fn() {
      using folder = new TestFolder();
      const file = folder.noise("source", size);
      using loop = LoopDevice.attach(file, { sectorSize, readOnly: true });
      await assertCopied(folder, loop.path, file);
    },
  });
}

Deno.test({
  name: "nbdcopy of a source full of zeros: they are holes in the image, and zeros in the copy",
  ignore: !hasTools("nbdcopy"),
  async fn() {
    using folder = new TestFolder();
    const size = 8 * MIB;
    const file = folder.noise("source", size);
    const bytes = Deno.readFileSync(file);
    bytes.fill(0, MIB, 7 * MIB);
    bytes[3 * MIB] = 1;
    Deno.writeFileSync(file, bytes);
    await assertCopied(folder, file, file);
    const { blocks } = Deno.statSync(folder.file("image"));
    assertEquals(blocks !== null && blocks * 512 < 3 * MIB, true, `${blocks} blocks`);
  },
});

/** Copies twice: from the device, and from the cache. */
async function assertCopied(folder: TestFolder, device: string, file: string): Promise<void> {
  await using served = await Served.start(device, { dir: folder.path });
  for (const name of ["cold", "warm"]) {
    await tool("nbdcopy", [served.uri, folder.file(name)]);
    assertSameFile(folder.file(name), file);
  }
  const { code, stderr } = await served.stop();
  assertEquals(code, 0, stderr);
  assertSameFile(served.image, file);
  const end = Deno.statSync(file).size;
  assertEquals(areasOf(served.map), [{ start: 0, end, status: "+" }]);
}
