// A second start goes on where the first one ended, and reads nothing again.

import { assert, assertEquals } from "@std/assert";
import { MAX_REREADS } from "../../src/opening/identity_reads.ts";
import { FailingDevice } from "../harness/failing_device.ts";
import { readThrough, wholeDevice } from "../harness/nbd_client.ts";
import { hasTools, isRoot } from "../harness/requires.ts";
import { Served, type ServedOptions } from "../harness/served.ts";
import { assertSameFile, TestFolder } from "../harness/test_folder.ts";
import { tool } from "../harness/tool.ts";

const ignore = !isRoot() || !hasTools("nbdkit", "nbdfuse", "losetup", "nbdcopy");
const MIB = 1024 * 1024;
const SIZE = 8 * MIB;
/** What a client reads at a time. */
const PIECE = 65_536;
/** What knowing the device again may cost: as many stretches of this many bytes as identification reads. */
const KNOWING = MAX_REREADS * 65_536;
/** What the kernel reads ahead of a regular file for each of them, whoever asks. */
const KERNEL_READ_APIECE = MAX_REREADS * 131_072;
const EIO = 5;

for (const asFile of [false, true]) {
  const what = asFile ? "a file" : "a loop device";

  Deno.test({
    name: `${what} read to the end is not read again by the next run`,
    ignore,
    async fn() {
      using folder = new TestFolder();
      const file = folder.noise("source", SIZE);
      await using device = await FailingDevice.make(file, { asFile });
      const options = { dir: folder.path };
      device.source.mark();
      assertEquals(await copy(device.path, options, file), true, "the first run reads the device");
      const extra = device.source.deliveredBytes() - SIZE;
      assert(extra >= 0 && extra <= (asFile ? PIECE : 0), `${extra} bytes are read twice`);
      device.source.mark();
      assertEquals(await copy(device.path, options, file), false, "the second one does not");
      const again = device.source.deliveredBytes();
      assert(again <= KNOWING + (asFile ? KERNEL_READ_APIECE : 0), `${again} bytes are read again`);
    },
  });
}

Deno.test({
  name: "a run that ends in the middle is gone on with, bad sectors included",
  ignore,
  async fn() {
    using folder = new TestFolder();
    const file = folder.noise("source", SIZE);
    const bad = MIB + 512;
    await using device = await FailingDevice.make(file, { bad: [[bad, 512]] });
    const options = { dir: folder.path, args: ["--read-ahead=0"] };
    const half = { reads: wholeDevice(SIZE / 2, PIECE), source: file };
    {
      await using served = await Served.start(device.path, options);
      await readThrough(served.uri, half);
      await served.stop();
    }
    device.source.mark();
    await using served = await Served.start(device.path, options);
    const reads = await readThrough(served.uri, half);
    const errors = reads.flatMap(({ errors }) => errors);
    assertEquals(errors, [[bad, EIO]]);
    assertEquals(reads.filter(({ wrong }) => wrong), []);
    assert(device.source.deliveredBytes() <= KNOWING, "no more is read again");
    assertEquals(device.source.failedReads(), []);

    await readThrough(served.uri, { reads: [[SIZE / 2, SIZE / 2]], source: file });
    assert(device.source.deliveredBytes() <= SIZE / 2 + KNOWING, "the rest is read once");
    const { done } = await served.stop();
    assertEquals(done?.totals.finished, SIZE - 512);
    assertEquals(done?.totals.badSector, 512);
  },
});

Deno.test({
  name: "without a name for the image, the second run finds the first one's",
  ignore: !hasTools("nbdcopy"),
  async fn() {
    using folder = new TestFolder();
    const file = folder.noise("source", SIZE);
    const options = { dir: folder.path, image: null };
    assertEquals(await copy(file, options, file), true);
    assertEquals(await copy(file, options, file), false);
    const images = Array.from(Deno.readDirSync(folder.path), ({ name }) => name)
      .filter((name) => /^source-[0-9a-f]{8}\.img$/.test(name));
    assertEquals(images.length, 1);
    assertSameFile(folder.file(images[0]!), file);
  },
});

/** Copies the device through a run of its own. @returns whether the run read the device for it. */
async function copy(device: string, options: ServedOptions, file: string): Promise<boolean> {
  await using served = await Served.start(device, options);
  const path = `${options.dir}/copy`;
  await tool("nbdcopy", [served.uri, path]);
  assertSameFile(path, file);
  const { done } = await served.stop();
  assertEquals(done?.totals.finished, SIZE);
  return done!.deviceReads > 0;
}
