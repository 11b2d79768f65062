// Other people's NBD clients.

import { assert, assertEquals, assertMatch } from "@std/assert";
import { FuseFile } from "../harness/fuse_file.ts";
import { readThrough, wholeDevice } from "../harness/nbd_client.ts";
import { hasTools, isRoot } from "../harness/requires.ts";
import { Served } from "../harness/served.ts";
import { assertSameFile, TestFolder } from "../harness/test_folder.ts";
import { tool, tryTool } from "../harness/tool.ts";

const MIB = 1024 * 1024;
/** No multiple of a page. */
const SIZE = 4 * MIB + 512;
const ZEROS: readonly [start: number, end: number] = [MIB, 2 * MIB];

/** Registers a test with a cold server on a file that has a stretch of zeros. */
function client(
  name: string,
  tools: readonly string[],
  body: (served: Served, folder: TestFolder, file: string) => Promise<void>,
): void {
  Deno.test({
    name,
    ignore: !hasTools(...tools),
    async fn() {
      using folder = new TestFolder();
      const file = folder.noise("source", SIZE);
      const bytes = Deno.readFileSync(file);
      Deno.writeFileSync(file, bytes.fill(0, ...ZEROS));
      await using served = await Served.start(file, { dir: folder.path });
      await body(served, folder, file);
      assertEquals((await served.stop()).code, 0);
      assertEquals(served.messages("warning"), []);
    },
  });
}

client(
  "nbdinfo sees one export, read-only, for several connections",
  ["nbdinfo"],
  async (served) => {
    const { structured, exports } = JSON.parse(await tool("nbdinfo", ["--json", served.uri]));
    assertEquals([structured, exports.length], [true, 1]);
    const [found] = exports;
    assertEquals(
      {
        name: found["export-name"],
        size: found["export-size"],
        readOnly: found.is_read_only,
        multiConn: found.can_multi_conn,
        contexts: found.contexts,
        sizes: [found.block_size_minimum, found.block_size_preferred, found.block_size_maximum],
      },
      {
        name: "",
        size: SIZE,
        readOnly: true,
        multiConn: true,
        contexts: ["base:allocation", "x-blkcache:state"],
        sizes: [1, 4096, 32 * MIB],
      },
    );
    const { exports: listed } = JSON.parse(await tool("nbdinfo", ["--list", "--json", served.uri]));
    assertEquals(listed.length, 1);
  },
);

client(
  "nbdinfo --map shows no zeros before they are read",
  ["nbdinfo", "nbdcopy"],
  async (served) => {
    const map = async (context: string) => {
      const answer = await tool("nbdinfo", [`--map=${context}`, "--json", served.uri]);
      const extents: { offset: number; length: number; type: number }[] = JSON.parse(answer);
      return extents.map(({ offset, length, type }) => [offset, length, type]);
    };
    assertEquals(await map("base:allocation"), [[0, SIZE, 0]]);
    const [first, ...rest] = await map("x-blkcache:state");
    // The head has been read already, to know the device again.
    assertEquals([first![2], rest.at(-1)?.[2] ?? 0], [rest.length > 0 ? 4 : 0, 0]);

    await tool("nbdcopy", [served.uri, "null:"]);
    await readThrough(served.uri, { reads: wholeDevice(SIZE, MIB) });
    const [start, end] = ZEROS;
    const hole = 3; // NBD_STATE_HOLE | NBD_STATE_ZERO
    assertEquals(await map("base:allocation"), [
      [0, start, 0],
      [start, end - start, hole],
      [end, SIZE - end, 0],
    ]);
    const finished = 4;
    const zero = 8;
    assertEquals(await map("x-blkcache:state"), [
      [0, start, finished],
      [start, end - start, finished | zero],
      [end, SIZE - end, finished],
    ]);
  },
);

client("qemu-img info, compare, convert", ["qemu-img"], async (served, folder, file) => {
  const info = JSON.parse(await tool("qemu-img", ["info", "--output=json", served.uri]));
  assertEquals([info["virtual-size"], info.format], [SIZE, "raw"]);
  const copy = folder.file("copy");
  await tool("qemu-img", ["convert", "-f", "raw", "-O", "raw", served.uri, copy]);
  assertSameFile(copy, file);
  await tool("qemu-img", ["convert", "-f", "raw", "-O", "qcow2", served.uri, `${copy}.qcow2`]);
  await tool("qemu-img", ["compare", "-f", "raw", "-F", "qcow2", served.uri, `${copy}.qcow2`]);
  await tool("qemu-img", ["compare", "-f", "raw", "-F", "raw", served.uri, file]);
});

client("qemu-io reads, and is refused writing", ["qemu-io"], async (served) => {
  const commands = ["read 0 64k", `read -P 0 ${ZEROS[0]} 64k`, `read ${SIZE - 512} 512`];
  const args = ["-r", "-f", "raw", ...commands.flatMap((command) => ["-c", command])];
  const output = await tool("qemu-io", [...args, served.uri]);
  assertEquals(output.match(/^read \d+\/\d+ bytes/gm)?.length, commands.length, output);
  const { code, stderr } = await tryTool("qemu-io", ["-f", "raw", "-c", "write 0 512", served.uri]);
  assertEquals(code, 1);
  assertMatch(stderr, /permission denied|read-only/i);
});

Deno.test({
  name: "fio verifies what it reads with --ioengine=nbd",
  ignore: !hasTools("fio"),
  async fn() {
    using folder = new TestFolder();
    const file = folder.file("source");
    const common = ["--size=16M", "--bs=4k", "--verify=crc32c", "--output-format=json"];
    const written = ["--name=written", `--filename=${file}`, "--rw=write", "--do_verify=0"];
    await tool("fio", [...written, ...common], { cwd: folder.path });
    await using served = await Served.start(file, { dir: folder.path });
    for (const [rw, iodepth] of [["randread", 16], ["read", 4], ["randread", 1]]) {
      const job = ["--name=verified", "--ioengine=nbd", `--uri=${served.uri}`, `--rw=${rw}`];
      const args = [...job, ...common, `--iodepth=${iodepth}`, "--verify_fatal=1"];
      const output = await tool("fio", args, { cwd: folder.path });
      const [{ error, read }] = JSON.parse(output.slice(output.indexOf("{"))).jobs;
      assertEquals([error, read.total_ios], [0, 4096]);
    }
  },
});

client("nbdkit's nbd plugin", ["nbdkit", "nbdcopy"], async (served, folder, file) => {
  const copy = folder.file("copy");
  const run = ["--run", `nbdcopy $uri ${copy}`];
  await tool("nbdkit", ["-r", "-U", "-", "nbd", `uri=${served.uri}`, ...run]);
  assertSameFile(copy, file);
});

Deno.test({
  name: "nbdfuse shows the export as a file",
  ignore: !isRoot() || !hasTools("nbdfuse", "fusermount3"),
  async fn() {
    using folder = new TestFolder();
    const file = folder.noise("source", SIZE);
    await using served = await Served.start(file, { dir: folder.path });
    await using shown = await FuseFile.mount(served.uri, folder.file("shown"));
    assertSameFile(shown.path, file);
  },
});

client("libnbd for Python, structured and simple", ["python3"], async (served, _folder, file) => {
  for (const structured of [true, false]) {
    const odd: [number, number][] = [[1, 1], [SIZE - 1, 1], [4095, 65_538], [0, 32 * MIB]];
    const reads = odd.map(([at, length]): [number, number] => [at, Math.min(length, SIZE - at)]);
    const results = await readThrough(served.uri, {
      reads: [...reads, ...wholeDevice(SIZE, 100_000)],
      inflight: 16,
      structured,
      source: file,
    });
    assert(results.every(({ errno, wrong, good }) => errno === 0 && wrong === 0 && good > 0));
    const [outside] = await readThrough(served.uri, { reads: [[SIZE - 1, 2]], structured });
    assertEquals(outside?.errno, 22); // EINVAL
  }
});
