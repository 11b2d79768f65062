// Which medium is in the drive: twins, one that was mounted in between, one behind another adapter, one of which the
// first sector is bad. With the program as a user runs it, on loop devices.

import { assert, assertEquals, assertMatch } from "@std/assert";
import { FailingDevice } from "../harness/failing_device.ts";
import { LoopDevice } from "../harness/loop_device.ts";
import { type Made, make, MIB } from "../harness/made_media.ts";
import { type Ended, runProgram } from "../harness/program.ts";
import { hasTools, isRoot } from "../harness/requires.ts";
import { assertSameBytes, assertSameFile, TestFolder } from "../harness/test_folder.ts";
import { tool } from "../harness/tool.ts";

const ignore = !isRoot() || !hasTools("losetup");

/** Fills an image from a device until nothing more can be had. */
function fill(folder: TestFolder, device: string, ...args: string[]): Promise<Ended> {
  const all = ["serve", "--fill", "--exit-when-complete", "--socket=s.sock", ...args];
  const [options, names] = [
    all.filter((a) => a.startsWith("-") || a === "serve"),
    all.slice(1)
      .filter((a) => !a.startsWith("-")),
  ];
  return runProgram([...options, device, ...names], { dir: folder.path });
}

/** The same with a loop device on a file of the folder. */
async function fillFrom(folder: TestFolder, file: string, ...args: string[]): Promise<Ended> {
  using loop = LoopDevice.attach(folder.file(file), { readOnly: true });
  return await fill(folder, loop.path, ...args);
}

function put(folder: TestFolder, name: string, made: Made): void {
  Deno.writeFileSync(folder.file(name), make(made));
}

function domain(folder: TestFolder, bytes: number): string {
  Deno.writeTextFileSync(folder.file("part.map"), `0 + 1\n0 ${bytes} +\n`);
  return `--domain=${folder.file("part.map")}`;
}

const card = (seed: number): Made => ({
  seed: "blank",
  mbr: { id: 0 },
  fat: { id: seed },
  files: [{ at: 8 * MIB, length: 2 * MIB, seed }],
});

Deno.test({
  name: "twin cards: each gets an image of its own, and half of one is not gone on with",
  ignore,
  async fn() {
    using folder = new TestFolder();
    put(folder, "a", card(1));
    put(folder, "b", card(2));
    const images = () => folder.listing().filter((line) => /\.img /.test(line));
    for (const file of ["a", "b", "a"]) {
      const { code, stderr } = await fillFrom(folder, file);
      assertEquals(code, 0, stderr);
    }
    assertEquals(images().length, 2, images().join());
    const [first, second] = images().map((line) => folder.file(line.split(" ")[0]!))
      .sort((one, other) => Number(one.includes("-2.img")) - Number(other.includes("-2.img")));
    assertSameFile(first!, folder.file("a"));
    assertSameFile(second!, folder.file("b"));

    assertEquals((await fillFrom(folder, "a", "x.img", domain(folder, 5 * MIB))).code !== 1, true);
    const before = Deno.readFileSync(folder.file("x.img"));
    for (const force of [[], ["--force"]]) {
      const { code, stderr } = await fillFrom(folder, "b", "x.img", ...force);
      assertEquals(code, 1);
      assertMatch(stderr, /error: image "x.img" is of another device: its FAT id at 1048576/);
      assertMatch(stderr, /hint: .*blkcache serve /);
    }
    assertEquals(Deno.readFileSync(folder.file("x.img")), before);
  },
});

Deno.test("a run that was interrupted early continues without a question", async () => {
  for (const saved of [MIB / 8, MIB, 1.25 * MIB, 2 * MIB, 3 * MIB]) {
    using folder = new TestFolder();
    const device = folder.noise("device", 12 * MIB);
    const first = await fill(folder, device, "x.img", domain(folder, saved));
    assertEquals(first.code, 0, first.stderr);
    const second = await fill(folder, device, "x.img");
    assertEquals(second.code, 0, `${saved} bytes saved: ${second.stderr}`);
    assertSameFile(folder.file("x.img"), device);
  }
});

Deno.test({
  name: "twin cards with one GPT: an image that ddrescue has begun is not gone on with",
  ignore: ignore || !hasTools("sfdisk", "ddrescue"),
  async fn() {
    using folder = new TestFolder();
    for (const [name, seed] of [["a", 1], ["b", 2]] as const) {
      const { mbr: _mbr, ...plain } = card(seed);
      put(folder, name, plain);
      await tool("sfdisk", ["-q", folder.file(name)], {
        stdin: "label: gpt\nlabel-id: 11111111-2222-3333-4444-555555555555\n" +
          "start=2048, uuid=11111111-2222-3333-4444-666666666666\n",
      });
    }
    const [a, b] = ["a", "b"].map((name) => Deno.readFileSync(folder.file(name)));
    assertSameBytes(a!.slice(0, 65_536), b!.slice(0, 65_536), "the heads");
    await tool("ddrescue", [
      "-q",
      "-s9MiB",
      folder.file("a"),
      folder.file("x.img"),
      folder.file("x.img.map"),
    ]);
    const before = Deno.readFileSync(folder.file("x.img"));
    for (const force of [[], ["--force"]]) {
      const { code, stderr } = await fillFrom(folder, "b", "x.img", ...force);
      assertEquals(code, 1, stderr);
      assertMatch(stderr, /of another device: .*FAT id/);
    }
    assertSameBytes(Deno.readFileSync(folder.file("x.img")), before, "the image");
    const { code, stderr } = await fillFrom(folder, "a", "x.img");
    assertEquals(code, 0, stderr);
    assertSameFile(folder.file("x.img"), folder.file("a"));
  },
});

Deno.test({
  name: "a partition that was mounted in between is asked about once, then goes on",
  ignore: ignore || !hasTools("mkfs.ext4", "mount"),
  async fn() {
    using folder = new TestFolder();
    Deno.writeFileSync(folder.file("p"), new Uint8Array(32 * MIB));
    await tool("mkfs.ext4", ["-q", "-F", folder.file("p")]);
    await fillFrom(folder, "p", "x.img", domain(folder, 2 * MIB));
    Deno.mkdirSync(folder.file("m"));
    await tool("mount", ["-o", "loop", folder.file("p"), folder.file("m")]);
    await tool("umount", [folder.file("m")]);

    const asked = await fillFrom(folder, "p", "x.img");
    assertEquals(asked.code, 1);
    assertMatch(
      asked.stderr,
      /cannot tell .*its first 64 KiB changed since \(superblock\).*ext id/,
    );
    assertMatch(asked.stderr, /hint: .*--force x?.*blkcache serve --force \/dev\/loop\d+ x\.img/);
    // The hints repeat the command that was typed.
    {
      using loop = LoopDevice.attach(folder.file("p"), { readOnly: true });
      const args = ["mount", loop.path, "shown", "x.img", "--socket=s.sock"];
      const mounted = await runProgram(args, { dir: folder.path });
      assertEquals(mounted.code, 1);
      assertMatch(mounted.stderr, /blkcache mount --force \/dev\/loop\d+ \S*shown x\.img$/m);
      assertMatch(mounted.stderr, /blkcache mount \/dev\/loop\d+ \S*shown x-2\.img$/m);
    }
    // What was accepted is remembered, and nothing is asked twice.
    const forced = await fillFrom(folder, "p", "x.img", "--force", domain(folder, 3 * MIB));
    assert(forced.code !== 1, forced.stderr);
    const again = await fillFrom(folder, "p", "x.img");
    assertEquals(again.code, 0, again.stderr);
  },
});

Deno.test({
  name: "an adapter that shows more or less: --force goes on, and nothing saved is thrown away",
  ignore,
  async fn() {
    using folder = new TestFolder();
    const big = folder.noise("big", 8 * MIB);
    Deno.writeFileSync(folder.file("small"), Deno.readFileSync(big).subarray(0, 7 * MIB));
    await fillFrom(folder, "small", "x.img", domain(folder, 2 * MIB));
    const larger = await fillFrom(folder, "big", "x.img");
    assertEquals(larger.code, 1);
    assertMatch(larger.stderr, /"x.img" has 7340032 bytes, 1048576 fewer than the device/);
    assertEquals((await fillFrom(folder, "big", "x.img", "--force")).code, 0);
    assertSameFile(folder.file("x.img"), big);

    // All of it is there; the smaller device takes nothing of that away.
    const smaller = await fillFrom(folder, "small", "x.img");
    assertEquals(smaller.code, 0, smaller.stderr);
    assertSameFile(folder.file("x.img"), big);
    assertMatch(Deno.readTextFileSync(folder.file("x.img.map")), /^0x0+ +0x0*800000 +\+$/m);

    // Of an image of ddrescue's, which has no sidecar, as well.
    Deno.removeSync(folder.file("x.img.json"));
    assertMatch((await fillFrom(folder, "small", "x.img")).stderr, /1048576 more than the device/);
    assertEquals((await fillFrom(folder, "small", "x.img", "--force")).code, 0);
    assertSameFile(folder.file("x.img"), big);
  },
});

Deno.test({
  name: "an adapter that hides two sectors at the end: it goes on by itself, both ways",
  ignore,
  async fn() {
    using folder = new TestFolder();
    const big = folder.noise("big", 8 * MIB);
    Deno.writeFileSync(folder.file("small"), Deno.readFileSync(big).subarray(0, 8 * MIB - 1024));
    for (const [first, second] of [["small", "big"], ["big", "small"]] as const) {
      const image = `${first}.img`;
      await fillFrom(folder, first, image, domain(folder, 2 * MIB));
      const { code, stderr } = await fillFrom(folder, second, image);
      assertEquals(code, 0, stderr);
      assertMatch(stderr, /has \d+ bytes, 1024 (fewer|more) than the device/);
      const size = 8 * MIB - 1024;
      assertSameBytes(
        Deno.readFileSync(folder.file(image)).slice(0, size),
        Deno.readFileSync(big).slice(0, size),
        image,
      );
    }
  },
});

Deno.test({
  name: "a bad first sector costs two failing reads in all, and none at a later start",
  ignore: ignore || !hasTools("nbdkit", "nbdfuse", "ddrescue"),
  async fn() {
    using folder = new TestFolder();
    const file = folder.noise("source", 4 * MIB);
    await using device = await FailingDevice.make(file, { bad: [[0, 512]] });
    const failed = async (...args: string[]) => {
      device.source.mark();
      const { code, stderr } = await fill(folder, device.path, ...args);
      assertEquals(code, 3, stderr);
      return device.source.failedReads().length;
    };
    assertEquals(await failed("x.img"), 2);
    assertEquals(await failed("x.img"), 0);
    Deno.removeSync(folder.file("x.img.json"));
    assertEquals(await failed("x.img"), 0, "without a sidecar");
    const map = folder.file("y.img.map");
    await tool("ddrescue", ["-q", "-d", device.path, folder.file("y.img"), map]);
    assertEquals(await failed("y.img"), 0, "an image of ddrescue's");
    assertEquals(await failed(), 0, "found in the folder, though its start cannot be read");
    device.source.mark();
    const detected = await runProgram(["detect", device.path], { dir: folder.path });
    assertEquals(detected.code, 0, detected.stderr);
    assertMatch(detected.stdout, /none: its start cannot be read/);
    assertEquals(device.source.failedReads().length, 0, "detect knows it as well");
  },
});
