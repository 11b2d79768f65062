// ddrescue and the program take turns on one image and mapfile.

import { assert, assertEquals } from "@std/assert";
import { MAX_REREADS } from "../../src/opening/identity_reads.ts";
import { FailingDevice } from "../harness/failing_device.ts";
import { areasOf, bytesWith } from "../harness/mapfile_areas.ts";
import { readThrough, wholeDevice } from "../harness/nbd_client.ts";
import { hasTools, isRoot } from "../harness/requires.ts";
import { runProgram } from "../harness/program.ts";
import { Served } from "../harness/served.ts";
import { assertSameFile, exists, TestFolder } from "../harness/test_folder.ts";
import { tool } from "../harness/tool.ts";

const ignore = !isRoot() || !hasTools("nbdkit", "nbdfuse", "losetup", "ddrescue", "nbdcopy");
const MIB = 1024 * 1024;
const SIZE = 8 * MIB;
/** What knowing the device again may cost: as many stretches of this many bytes as identification reads. */
const KNOWING = MAX_REREADS * 65_536;

Deno.test({
  name: "ddrescue goes on with image and mapfile, and reads only what is missing",
  ignore,
  async fn() {
    using folder = new TestFolder();
    const file = folder.noise("source", SIZE);
    await using device = await FailingDevice.make(file);
    const { image, map } = await readSome(device.path, folder, file);
    const cached = bytesWith("+", areasOf(map));
    device.source.mark();
    await tool("ddrescue", ["--quiet", "--idirect", device.path, image, map]);
    assertEquals(device.source.deliveredBytes(), SIZE - cached);
    assertSameFile(image, file);
    assertEquals(areasOf(map), [{ start: 0, end: SIZE, status: "+" }]);

    // And back: nothing is left to read.
    device.source.mark();
    await using served = await Served.start(device.path, { dir: folder.path });
    await tool("nbdcopy", [served.uri, folder.file("copy")]);
    assertSameFile(folder.file("copy"), file);
    const { done, stderr } = await served.stop();
    assertEquals(done?.deviceReads, 0, stderr);
    assert(device.source.deliveredBytes() <= KNOWING);
  },
});

Deno.test({
  name: "an image that ddrescue has begun is taken over, its bad sectors too",
  ignore,
  async fn() {
    using folder = new TestFolder();
    const file = folder.noise("source", SIZE);
    const bad = MIB + 7 * 512;
    await using device = await FailingDevice.make(file, { bad: [[bad, 512]] });
    const image = folder.file("image");
    const begun = ["--quiet", "--idirect", `--size=${4 * MIB}`, device.path, image, `${image}.map`];
    await tool("ddrescue", begun);
    assert(!exists(`${image}.json`), "no sidecar");

    device.source.mark();
    await using served = await Served.start(device.path, { dir: folder.path });
    const reads = await readThrough(served.uri, { reads: wholeDevice(SIZE, MIB), source: file });
    assertEquals(reads.flatMap(({ errors }) => errors), [[bad, 5]]);
    assertEquals(reads.filter(({ wrong }) => wrong), []);
    assertEquals(device.source.failedReads(), [], "what is known to be bad is not tried again");
    const read = device.source.deliveredBytes();
    assert(read >= 4 * MIB && read <= 4 * MIB + KNOWING, `${read} bytes were read`);
    await served.stop();
    assert(exists(`${image}.json`), "the next run knows the device at once");
    assertEquals(bytesWith("+", areasOf(served.map)), SIZE - 512);
  },
});

Deno.test({
  name: "an image that ddrescue has made of another device of the same size is refused, untouched",
  ignore: !hasTools("ddrescue"),
  async fn() {
    using folder = new TestFolder();
    const file = folder.noise("source", SIZE, 1);
    const other = folder.noise("other", SIZE, 2);
    const image = folder.file("image");
    await tool("ddrescue", ["--quiet", `--size=${MIB}`, other, image, `${image}.map`]);
    const before = [Deno.readFileSync(image), Deno.readFileSync(`${image}.map`)];
    const { code, stderr, files } = await runProgram(
      ["serve", file, image, "--socket=socket"],
      { dir: folder.path },
    );
    assertEquals(code, 1);
    assert(stderr.startsWith(`blkcache: error: image "${image}" is of another device`), stderr);
    assertEquals(files, ["image", "image.map", "other", "source"]);
    assertEquals([Deno.readFileSync(image), Deno.readFileSync(`${image}.map`)], before);
  },
});

Deno.test({
  name: "an image that nothing can confirm is refused, and taken over with --force",
  ignore: !hasTools("ddrescue", "nbdcopy"),
  async fn() {
    using folder = new TestFolder();
    const file = folder.noise("source", SIZE);
    // What ddrescue has got so far is blank: so are many disks.
    const blank = Deno.readFileSync(file).fill(0, 0, 4 * MIB);
    Deno.writeFileSync(file, blank);
    const image = folder.file("image");
    await tool("ddrescue", ["--quiet", `--size=${4 * MIB}`, file, image, `${image}.map`]);
    const args = ["serve", file, image, "--socket=socket"];
    const { code, stderr } = await runProgram(args, { dir: folder.path });
    assertEquals(code, 1);
    assert(stderr.includes("cannot tell whether image"), stderr);
    assert(stderr.includes("--force"), stderr);
    await using served = await Served.start(file, { dir: folder.path, args: ["--force"] });
    await tool("nbdcopy", [served.uri, folder.file("copy")]);
    assertSameFile(folder.file("copy"), file);
  },
});

/** A run that reads some places here and there. */
async function readSome(
  device: string,
  folder: TestFolder,
  source: string,
): Promise<{ image: string; map: string }> {
  await using served = await Served.start(device, { dir: folder.path, args: ["--read-ahead=0"] });
  const reads = Array.from({ length: 20 }, (_, i): [number, number] => [i * 300_032, 4096 + i]);
  const results = await readThrough(served.uri, { reads, source });
  assertEquals(results.filter(({ errno, wrong }) => errno || wrong), []);
  assertEquals((await served.stop()).code, 0);
  return served;
}
