// `serve --fill` as a user runs it: what it says at its end, and what it exits with.

import { assert, assertEquals } from "@std/assert";
import { readThrough } from "../harness/nbd_client.ts";
import { FailingDevice } from "../harness/failing_device.ts";
import { Program, runProgram } from "../harness/program.ts";
import { hasTools, isRoot } from "../harness/requires.ts";
import { assertSameBytes, assertSameFile, TestFolder } from "../harness/test_folder.ts";
import { tool } from "../harness/tool.ts";

const MIB = 1_048_576;
const ignore = !isRoot() || !hasTools("nbdkit", "nbdfuse", "losetup");

function serve(folder: TestFolder, device: string, ...options: string[]): string[] {
  return ["serve", device, folder.file("image"), `--socket=${folder.file("socket")}`, ...options];
}

/** A mapfile without comments, words separated by single blanks. */
function linesOf(path: string): string[] {
  const lines = Deno.readTextFileSync(path).trimEnd().split("\n");
  return lines.filter((line) => !line.startsWith("#")).map((line) => line.replace(/ +/g, " "));
}

function mapLines(folder: TestFolder): string[] {
  return linesOf(folder.file("image.map"));
}

Deno.test("a healthy device: all is read, exit code 0", async () => {
  using folder = new TestFolder();
  const device = folder.noise("device", 5 * MIB + 100);
  const args = serve(folder, device, "--fill", "--exit-when-complete");
  const { code, stderr } = await runProgram(args);
  assertEquals(code, 0, stderr);
  assert(stderr.includes("blkcache: all has been read\n"), stderr);
  assertSameFile(folder.file("image"), device);
  assertEquals(mapLines(folder)[1], "0x00000000 0x00500064 +");
});

Deno.test("without --exit-when-complete it stays, and serves", async () => {
  using folder = new TestFolder();
  const device = folder.noise("device", MIB);
  await using program = Program.start(serve(folder, device, "--fill"));
  const uri = await program.ready();
  await program.waitForLine("stderr", /all has been read/);
  const [read] = await readThrough(uri, { reads: [[0, MIB]], source: device });
  assertEquals([read.good, read.wrong], [MIB, 0]);
  program.signal("SIGTERM");
  const { code, stderr } = await program.ended();
  assertEquals(code, 0, stderr);
});

Deno.test("a domain: only that is read, and only that counts", async () => {
  using folder = new TestFolder();
  const device = folder.noise("device", 4 * MIB);
  Deno.writeTextFileSync(folder.file("domain"), "0 + 1\n0 0x100000 ?\n0x100000 0x200000 +\n");
  const domain = `--domain=${folder.file("domain")}`;
  const args = serve(folder, device, "--fill", "--exit-when-complete", domain);
  const { code, stderr } = await runProgram(args);
  assertEquals(code, 0, stderr);
  assert(stderr.includes("blkcache: all of the domain has been read\n"), stderr);
  const [status, ...blocks] = mapLines(folder);
  assert(/^0x00000000 \? 1$/.test(status), status);
  // What identifies a device is read anyway.
  assert(blocks.includes("0x00100000 0x00200000 +"), blocks.join());
});

const DOMAINS: readonly [content: string | undefined, message: string][] = [
  [undefined, "there is no domain mapfile"],
  ["0 ? 1\n0 0x100000 ?\n", "has no finished blocks"],
  ["0 + 1\n0 0x100000 -\n0x100000 0x1000 +\n", "has no finished blocks within the device"],
  ["0 0x1000 +\n", "line 1: there is no status line"],
  ["0 + 1\n0 512 +\n1024 512 +\n", "the blocks do not touch"],
  ["nonsense\n", "domain"],
];

for (const [content, message] of DOMAINS) {
  Deno.test(`a domain that cannot be: ${message}`, async () => {
    using folder = new TestFolder();
    const device = folder.noise("device", MIB);
    if (content !== undefined) Deno.writeTextFileSync(folder.file("domain"), content);
    const args = serve(folder, device, "--fill", `--domain=${folder.file("domain")}`);
    const { code, stderr } = await runProgram(args);
    assertEquals(code, 1);
    assert(stderr.includes(message), stderr);
    assertEquals(folder.listing().filter((name) => name.startsWith("image")), []);
  });
}

Deno.test("with --exit-when-complete a device that has gone ends it, exit code 4", async () => {
  using folder = new TestFolder();
  const device = folder.noise("device", 8 * MIB);
  const options = ["--fill", "--exit-when-complete", "--rate=1M", "--give-up-after=1"];
  await using program = Program.start(serve(folder, device, ...options));
  await program.ready();
  Deno.truncateSync(device, 0);
  const { code, stderr } = await program.ended();
  assertEquals(code, 4, stderr);
  assert(stderr.includes("has stopped answering since"), stderr);
});

Deno.test("--record-domain writes down what clients read, and adds to it", async () => {
  using folder = new TestFolder();
  const device = folder.noise("device", 4 * MIB);
  const record = folder.file("record");
  for (const reads of [[[MIB, 512], [2 * MIB + 4000, 200]], [[MIB + 4096, 100], [MIB, 512]]]) {
    await using program = Program.start(serve(folder, device, `--record-domain=${record}`));
    const uri = await program.ready();
    await readThrough(uri, { reads: reads as [number, number][] });
    program.signal("SIGTERM");
    const { code, stderr } = await program.ended();
    assertEquals(code, 0, stderr);
  }
  assertEquals(linesOf(record).filter((line) => line.endsWith(" +")), [
    "0x00100000 0x00002000 +",
    "0x00200000 0x00002000 +",
  ]);
  // Another device is not mixed with it, and a fill takes it as its domain.
  const other = folder.noise("other", MIB);
  const args = ["serve", other, folder.file("b"), `--socket=${folder.file("s")}`];
  const refused = await runProgram([...args, `--record-domain=${record}`]);
  assertEquals(refused.code, 1);
  assert(refused.stderr.includes("is of a device of 4194304 bytes, not of 1048576"));
  const options = ["--fill", "--exit-when-complete", `--domain=${record}`];
  assertEquals((await runProgram(serve(folder, device, ...options))).code, 0);
  const blocks = mapLines(folder);
  assert(blocks.includes("0x00200000 0x00002000 +"), blocks.join());
});

Deno.test({
  name: "ddrescue takes a recorded domain",
  ignore: !hasTools("ddrescue"),
  async fn() {
    using folder = new TestFolder();
    const device = folder.noise("device", MIB);
    const record = folder.file("record");
    await using program = Program.start(serve(folder, device, `--record-domain=${record}`));
    const uri = await program.ready();
    await readThrough(uri, { reads: [[65_536, 512], [MIB - 512, 512]] });
    program.signal("SIGTERM");
    await program.ended();
    await tool("ddrescue", ["-q", `-m${record}`, device, folder.file("o"), folder.file("o.map")]);
    assertEquals(linesOf(folder.file("o.map")).filter((line) => line.endsWith(" +")), [
      "0x00010000 0x00001000 +",
      "0x000FF000 0x00001000 +",
    ]);
  },
});

Deno.test({
  name: "a sick device: exit code 3 and how much is missing; with --max-errors it gives up with 6",
  ignore,
  async fn() {
    using folder = new TestFolder();
    const source = folder.noise("source", 4 * MIB);
    const bad = [[MIB, 1024], [3 * MIB, 512]] as const;
    await using device = await FailingDevice.make(source, { bad });
    const options = ["--fill", "--exit-when-complete"];
    const early = await runProgram(serve(folder, device.path, ...options, "--max-errors=1"));
    assertEquals(early.code, 6, early.stderr);
    assert(
      /fill has ended at --max-errors; missing: .* in \d areas/.test(early.stderr),
      early.stderr,
    );
    const { code, stderr } = await runProgram(serve(folder, device.path, ...options));
    assertEquals(code, 3, stderr);
    assert(
      stderr.includes("all that can be read has been read; 1.5 KiB in 2 areas cannot"),
      stderr,
    );
    assertEquals(mapLines(folder).filter((line) => line.endsWith(" -")), [
      "0x00100000 0x00000400 -",
      "0x00300000 0x00000200 -",
    ]);
    // Nothing is left to do, and the next run says so without a failing read.
    device.source.mark();
    const again = await runProgram(serve(folder, device.path, ...options));
    assertEquals([again.code, device.source.failedReads()], [3, []]);
    const retried = await runProgram(serve(folder, device.path, ...options, "--retries=2"));
    assertEquals([retried.code, device.source.failedReads().length], [3, 2 * 3]);
  },
});

Deno.test({
  name: "another copy of the same disc fills the holes, and only those",
  ignore,
  async fn() {
    using folder = new TestFolder();
    const copy = folder.noise("copy", 4 * MIB);
    const bad = [[MIB, 1024], [3 * MIB, 512]] as const;
    await using device = await FailingDevice.make(copy, { bad });
    const options = ["--fill", "--exit-when-complete"];
    assertEquals((await runProgram(serve(folder, device.path, ...options))).code, 3);
    const without = await runProgram(serve(folder, copy, ...options));
    assertEquals(without.code, 3, without.stderr);
    const { code, stderr } = await runProgram(serve(folder, copy, ...options, "--try-again"));
    assertEquals(code, 0, stderr);
    assertSameFile(folder.file("image"), copy);
    // The holes, and what the copy is recognized by.
    assert(/; (1\.5|\d\d) KiB read from the device/.test(stderr), stderr);
  },
});

Deno.test("--verify says where the device differs from the image, which stays as it is", async () => {
  using folder = new TestFolder();
  const device = folder.noise("device", 4 * MIB);
  const options = ["--fill", "--exit-when-complete", "--verify=4Mi"];
  const first = await runProgram(serve(folder, device, ...options));
  assertEquals(first.code, 0, first.stderr);
  assert(first.stderr.includes("blkcache: 4 MiB read again, all as in the image\n"), first.stderr);
  const before = Deno.readFileSync(folder.file("image"));
  {
    using file = Deno.openSync(device, { write: true });
    file.seekSync(3 * MIB + 1234, Deno.SeekMode.Start);
    file.writeSync(Uint8Array.of(before[3 * MIB + 1234] ^ 1));
  }
  const { code, stderr } = await runProgram(serve(folder, device, ...options));
  assertEquals(code, 3, stderr);
  assert(stderr.includes(`at ${3 * MIB + 1234} `), stderr);
  assert(stderr.includes("64 KiB in pieces that differ from the image"), stderr);
  assertSameBytes(Deno.readFileSync(folder.file("image")), before, "image");
});
