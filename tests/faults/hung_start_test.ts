// A device that hangs while it is being opened: the program says so, hears signals, and leaves nothing behind.

import { assert, assertEquals } from "@std/assert";
import { FailingDevice } from "../harness/failing_device.ts";
import { readThrough } from "../harness/nbd_client.ts";
import { Program } from "../harness/program.ts";
import { hasTools, isRoot } from "../harness/requires.ts";
import { TestFolder } from "../harness/test_folder.ts";
import { tryTool } from "../harness/tool.ts";

const ignore = !isRoot() || !hasTools("nbdkit", "nbdfuse", "losetup", "nbdinfo");
const SIZE = 1024 * 1024;

/** A loop device whose every read hangs, with a folder for the program. */
async function hangingDevice(stack: AsyncDisposableStack) {
  const folder = stack.use(new TestFolder());
  const file = folder.noise("source", SIZE);
  const device = stack.use(await FailingDevice.make(file, { canHang: true }));
  const work = folder.file("work");
  Deno.mkdirSync(work);
  return { device, file, work };
}

function filesIn(dir: string): string[] {
  return Array.from(Deno.readDirSync(dir), ({ name }) => name).sort();
}

const COMMANDS = [
  { name: "serve", signal: "SIGINT", args: ["serve", "DEVICE", "image"] },
  { name: "serve without IMAGE", signal: "SIGTERM", args: ["serve", "DEVICE"] },
  { name: "mount", signal: "SIGINT", args: ["mount", "DEVICE", "file"] },
] as const;
for (const { name, signal, args } of COMMANDS) {
  Deno.test({
    name:
      `${name} of a device that hangs from the first read on: ${signal} ends it, no file is left`,
    ignore,
    async fn() {
      await using stack = new AsyncDisposableStack();
      const { device: { path, source }, work } = await hangingDevice(stack);
      await using _hang = await source.hang();
      const command = args.map((word) => word === "DEVICE" ? path : word);
      await using program = Program.start([...command, "--json", "--socket=s"], { dir: work });
      const line = await program.waitForLine("stdout", /"event":"waiting"/);
      const { message, seconds } = JSON.parse(line);
      assert(seconds >= 3, line);
      assertEquals(message, `waiting for ${path} to answer (${seconds} s); Ctrl-C ends`);
      assertEquals(filesIn(work), ["s"]);
      program.signal(signal);
      const { stdout } = await program.ended();
      assert(stdout.trimEnd().split("\n").at(-1)!.startsWith('{"event":"done"'), stdout);
      assertEquals(filesIn(work), []);
    },
  });
}

Deno.test({
  name:
    "a device that hangs at the start and answers later is served; clients are refused meanwhile",
  ignore,
  async fn() {
    await using stack = new AsyncDisposableStack();
    const { device, file, work } = await hangingDevice(stack);
    const hang = await device.source.hang();
    const args = ["serve", device.path, "image", "--socket=socket", "--timeout=0.5"];
    await using program = Program.start(args, { dir: work });
    await program.waitForLine("stderr", /waiting for \/dev\/loop\d+ to answer \(\d+ s\)/);
    const uri = `nbd+unix:///?socket=${work}/socket`;
    const { stderr } = await tryTool("nbdinfo", [uri], { env: { LIBNBD_DEBUG: "1" } });
    assert(/"\/dev\/loop\d+" does not answer yet: try again/.test(stderr), stderr);
    await hang[Symbol.asyncDispose]();
    await program.ready();
    const [read] = await readThrough(uri, { reads: [[0, SIZE]], source: file });
    assertEquals([read.errno, read.good, read.wrong], [0, SIZE, 0]);
    program.signal("SIGTERM");
    assertEquals((await program.ended()).code, 0);
  },
});

Deno.test({
  name: "detect says that a device does not answer, and goes on with the others",
  ignore,
  async fn() {
    await using stack = new AsyncDisposableStack();
    const { device: { path, source }, file, work } = await hangingDevice(stack);
    await using _hang = await source.hang();
    {
      await using list = Program.start(["detect", "--json"], { dir: work });
      const { code, stdout } = await list.ended();
      const listed = stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
      assertEquals(code, 0);
      assertEquals(listed.find((device) => device.path === path)?.size, SIZE);
    }
    await using program = Program.start(["detect", path, file], { dir: work });
    const { code, stdout, stderr } = await program.ended();
    assertEquals(code, 1);
    assert(stderr.includes(`blkcache: error: "${path}" does not answer\n`), stderr);
    const [silent, answering] = stdout.split("\n\n");
    assert(silent!.startsWith(path) && /\n {2}size +1 MiB/.test(silent!), stdout);
    assert(answering!.startsWith(file) && /\n {2}fingerprint /.test(answering!), stdout);
  },
});
