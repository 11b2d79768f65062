// What an overlay survives: kill -9 at any moment, a full disk under it, and being taken for something else.
//
// BLKCACHE_SEED repeats the moments and the requests of a run, as far as the machine allows.

import { assert, assertEquals, assertMatch } from "@std/assert";
import { nbdPrelude, nbdScript, writeThrough, writeUntilKilled } from "../harness/nbd_writer.ts";
import { Program, runProgram } from "../harness/program.ts";
import { hasTools, isRoot } from "../harness/requires.ts";
import { Served } from "../harness/served.ts";
import { SmallFileSystem } from "../harness/small_file_system.ts";
import { assertSameFile, TestFolder } from "../harness/test_folder.ts";
import { tool, until } from "../harness/tool.ts";
import { areasOf } from "../harness/mapfile_areas.ts";
import { chooseSeed, Random } from "../model/map_random.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
const KILLS = 12;

Deno.test(`kill -9 at ${KILLS} moments keeps what was flushed, and claims nothing else`, async () => {
  const seed = chooseSeed();
  const random = new Random(seed);
  using folder = new TestFolder();
  const source = folder.noise("source", 3 * MIB + 512, seed);
  const before = folder.file("before");
  Deno.copyFileSync(source, before);
  const model = folder.file("model");
  Deno.copyFileSync(source, model);
  const args = ["--overlay", folder.file("overlay")];
  let flushes = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    await using served = await Served.start(source, { dir: folder.path, args });
    const task = { uri: served.uri, model, seed: seed + kill, mayTrim: true };
    const written = await writeUntilKilled(task, async () => {
      await new Promise((resolve) => setTimeout(resolve, random.below(250)));
      await served.stop("SIGKILL");
    });
    flushes += written.flushes;
    await tool("ddrescuelog", ["--show-status", folder.file("overlay.map")]);
  }
  assert(flushes > 0);
  await using served = await Served.start(source, { dir: folder.path, args });
  await writeThrough({ uri: served.uri, model, seed, operations: 50, mayTrim: true });
  assertEquals((await served.stop()).code, 0);
  assertSameFile(source, before);
  assertSameFile(folder.file("image"), before);
  // ddrescue merges it: image below, overlay above.
  const merged = folder.file("merged");
  Deno.copyFileSync(folder.file("image"), merged);
  const domain = `--domain-mapfile=${folder.file("overlay.map")}`;
  await tool("ddrescue", ["--quiet", domain, folder.file("overlay"), merged]);
  assertSameFile(merged, model);
});

Deno.test("what a client has written is kept at SIGTERM, though it has not flushed", async () => {
  using folder = new TestFolder();
  const source = folder.noise("source", MIB);
  const args = ["--overlay", folder.file("overlay")];
  const script = "h.pwrite(b'kept', 4095); import os; print('written', flush=True); input()";
  await using served = await Served.start(source, { dir: folder.path, args });
  const client = new Deno.Command("/usr/bin/python3", {
    args: ["-c", nbdPrelude(served.uri) + script],
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const reader = client.stdout.getReader();
  await reader.read();
  assertEquals((await served.stop()).code, 0);
  await client.stdin.close();
  await reader.cancel();
  await client.status;
  assertEquals(areasOf(folder.file("overlay.map")).filter(({ status }) => status === "+"), [
    { start: 4095, end: 4099, status: "+" },
  ]);
});

Deno.test({
  name:
    "a full disk under the overlay is ENOSPC to the writer, and nothing that was written is lost",
  ignore: !isRoot(),
  async fn() {
    using folder = new TestFolder();
    const source = folder.noise("source", 8 * MIB);
    await using small = await SmallFileSystem.tmpfs(folder.file("small"), 4 * MIB);
    const args = ["--overlay", `${small.path}/overlay`];
    await using served = await Served.start(source, { dir: folder.path, args });
    const script = `
import errno
h.pwrite(b'a' * 1048576, 0)
h.flush()
failed = 0
for at in range(1, 8):
    try:
        h.pwrite(b'b' * 1048576, at * 1048576)
    except nbd.Error as error:
        assert error.errno == 'ENOSPC', error.errno
        failed += 1
assert failed >= 3, failed
h.flush()
assert h.pread(1048576, 0) == b'a' * 1048576
source = open('${source}', 'rb').read()
for at in range(1, 8):
    data = h.pread(1048576, at * 1048576)
    assert data in (b'b' * 1048576, source[at * 1048576:(at + 1) * 1048576]), at
`;
    await nbdScript(served.uri, script);
    const text = served.messages("warning").join("\n");
    assertMatch(text, /\(tmpfs\) is in memory: what clients write is lost at power-off/);
    const isTold = () => /cannot write ".*overlay".*ENOSPC/.test(served.messages("warning").join());
    await until("it has been told", isTold);
    // The kept room is enough for the map.
    for (const { start, end, status } of areasOf(`${small.path}/overlay.map`)) {
      assert(status === "?" || end <= 8 * MIB, `${start} ${end}`);
    }
    assertEquals((await served.stop()).code, 0);
  },
});

/** What stands where an overlay should: made in the folder, and the sentence that refuses it. */
const REFUSALS: [what: string, make: (folder: TestFolder) => string, sentence: RegExp][] = [
  ["the source", (folder) => folder.file("source"), /"DEVICE".*both|is the source itself|are both/],
  ["a link to the source", (folder) => {
    Deno.symlinkSync(folder.file("source"), folder.file("link"));
    return folder.file("link");
  }, /is the source itself/],
  ["the image", (folder) => folder.file("image"), /are both/],
  ["a link to the image", (folder) => {
    Deno.writeFileSync(folder.file("image"), new Uint8Array());
    Deno.symlinkSync(folder.file("image"), folder.file("link"));
    return folder.file("link");
  }, /is a file of the image/],
  ["a file with data and no map", (folder) => folder.noise("foreign", 4096), /there is no ".*map"/],
  ["a file with a rescue's map", (folder) => {
    Deno.writeTextFileSync(`${folder.noise("foreign", MIB)}.map`, "0x0 + 1\n0x0 0x100000 +\n");
    return folder.file("foreign");
  }, /is not the map of an overlay/],
  ["a rescue's map without its file", (folder) => {
    Deno.writeTextFileSync(folder.file("foreign.map"), "0x0 + 1\n0x0 0x100000 +\n");
    return folder.file("foreign");
  }, /is not the map of an overlay/],
  ["in a folder of the kernel's", () => "/dev/shm/overlay", /no overlay can be kept in "\/dev"/],
  ["a folder", (folder) => folder.path, /is not a regular file/],
  ["a place that does not exist", (folder) => folder.file("no/where"), /No such file/],
];

for (const [what, make, sentence] of REFUSALS) {
  Deno.test(`an overlay that is ${what} is refused, and stays as it is`, async () => {
    using folder = new TestFolder();
    const source = folder.noise("source", MIB);
    const overlay = make(folder);
    const listing = folder.listing();
    const { code, stderr } = await runProgram(
      ["serve", source, folder.file("image"), `--socket=${folder.file("s")}`, "--overlay", overlay],
      { dir: folder.path },
    );
    assert(code === 1 || code === 2, stderr);
    assertMatch(stderr, sentence);
    assertMatch(stderr, /hint:/);
    // An image without a byte may go: a run that does not begin leaves none.
    const there = (line: string) => !/^(s|image) /.test(line);
    assertEquals(folder.listing().filter(there), listing.filter(there));
  });
}

Deno.test("an overlay is refused to a second blkcache, to another device, and as an image", async () => {
  using folder = new TestFolder();
  const source = folder.noise("source", MIB, 1);
  const other = folder.noise("other", MIB, 2);
  const overlay = folder.file("overlay");
  const start = (device: string, image: string, ...args: string[]) =>
    runProgram(["serve", device, folder.file(image), `--socket=${folder.file("s2")}`, ...args], {
      dir: folder.path,
    });
  {
    await using served = await Served.start(source, {
      dir: folder.path,
      args: ["--overlay", overlay],
    });
    await nbdScript(served.uri, "h.pwrite(b'x' * 512, 0)");
    const { code, stderr } = await start(source, "image2", "--overlay", overlay);
    assertEquals(code, 1);
    assertMatch(stderr, /another program is using the overlay/);
    await served.stop();
  }
  const strange = await start(other, "image3", "--overlay", overlay);
  assertEquals(strange.code, 1);
  assertMatch(strange.stderr, /is of another device: its fingerprint/);
  const asImage = await start(source, "overlay");
  assertEquals(asImage.code, 1);
  assertMatch(asImage.stderr, /is an overlay, not an image/);
  Deno.truncateSync(overlay, MIB - 512);
  const cut = await start(source, "image", "--overlay", overlay);
  assertMatch(cut.stderr, /has 1048064 bytes, and the device 1048576/);
  // Deleting the file discards what was written.
  Deno.removeSync(overlay);
  await using program = Program.start(
    ["serve", source, folder.file("image"), `--socket=${folder.file("s3")}`, "--overlay", overlay],
    { dir: folder.path },
  );
  const uri = await program.ready();
  assertMatch(program.stderr, /has held is gone: beginning anew/);
  await tool("nbdcopy", [uri, folder.file("copy")]);
  assertSameFile(folder.file("copy"), source);
});

Deno.test({
  name: "writes go on while the device hangs, and are read back",
  ignore: !isRoot() || !hasTools("nbdkit", "nbdfuse"),
  async fn() {
    const { FailingDevice } = await import("../harness/failing_device.ts");
    using folder = new TestFolder();
    const source = folder.noise("source", MIB);
    await using device = await FailingDevice.make(source, { delayMs: 3000 });
    const args = ["--overlay", folder.file("overlay"), "--read-ahead=0"];
    await using served = await Served.start(device.path, { dir: folder.path, args });
    const script = `
import time
waiting = h.aio_pread(nbd.Buffer(4096), 524288)
began = time.monotonic()
h.pwrite(b'w' * 4096, 262144)
h.flush()
assert h.pread(4096, 262144) == b'w' * 4096
assert time.monotonic() - began < 2, time.monotonic() - began
while not h.aio_command_completed(waiting):
    h.poll(-1)
`;
    await nbdScript(served.uri, script);
    await served.stop();
  },
});
