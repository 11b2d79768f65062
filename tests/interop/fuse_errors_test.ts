// Bad sectors and hanging devices behind the shown file: what fails, and what must not wait.

import { assert, assertEquals } from "@std/assert";
import { BlockReader } from "../harness/block_reader.ts";
import { FailingDevice } from "../harness/failing_device.ts";
import { LoopDevice } from "../harness/loop_device.ts";
import { hasTools, isRoot } from "../harness/requires.ts";
import { ShownFile } from "../harness/shown_file.ts";
import { assertSameBytes, TestFolder } from "../harness/test_folder.ts";
import { tool, tryTool, until } from "../harness/tool.ts";

const ignore = !isRoot() || !hasTools("nbdkit", "nbdfuse", "losetup");
const MIB = 1024 * 1024;
const SECTOR = 512;
const BAD = MIB + 3 * SECTOR;

for (const flags of [[], ["iflag=direct"]]) {
  const how = flags.length > 0 ? "with O_DIRECT" : "buffered";

  Deno.test({
    name: `${how}: of sectors read one by one exactly the bad one fails`,
    ignore,
    async fn() {
      using folder = new TestFolder();
      const file = folder.noise("source", 2 * MIB);
      await using device = await FailingDevice.make(file, { bad: [[BAD, SECTOR]] });
      await using shown = await ShownFile.start({ device: device.path, direct: true });
      const first = BAD / SECTOR - 16;
      const results = [];
      for (let sector = first; sector < first + 32; sector++) {
        const { code, stderr } = await tryTool("dd", [
          `if=${shown.path}`,
          `of=${folder.file(String(sector))}`,
          ...["bs=512", "count=1", `skip=${sector}`, ...flags],
        ]);
        if (code !== 0) assert(stderr.includes("Input/output error"), stderr);
        results.push(code);
      }
      assertEquals(results, Array.from({ length: 32 }, (_, index) => index === 16 ? 1 : 0));
      const source = Deno.readFileSync(file);
      for (let sector = first; sector < first + 32; sector++) {
        if (sector === BAD / SECTOR) continue;
        const expected = source.subarray(sector * SECTOR, (sector + 1) * SECTOR).slice();
        assertSameBytes(Deno.readFileSync(folder.file(String(sector))), expected, `${sector}`);
      }
    },
  });
}

for (const flags of [[], ["-d"]]) {
  Deno.test({
    name: `ddrescue ${flags.join(" ")} gets all but the bad sector, for few failing reads`,
    ignore: ignore || !hasTools("ddrescue"),
    async fn() {
      using folder = new TestFolder();
      const file = folder.noise("source", 4 * MIB);
      await using device = await FailingDevice.make(file, { bad: [[BAD, SECTOR]] });
      await using shown = await ShownFile.start({ device: device.path, direct: true });
      const [out, map] = [folder.file("out"), folder.file("out.map")];
      await tool("ddrescue", ["-q", ...flags, "-b512", shown.path, out, map]);
      const bad = await tool("ddrescuelog", ["-b512", "--list-blocks=-", map]);
      assertEquals(bad.trim(), String(BAD / SECTOR));
      const expected = Deno.readFileSync(file).fill(0, BAD, BAD + SECTOR);
      const got = Deno.readFileSync(out);
      // ddrescue leaves a hole there.
      assertSameBytes(got, expected, out);
      const { failedReads } = (await shown.end("SIGTERM"))!;
      assert(failedReads <= 4, `${failedReads} failing reads`);
    },
  });
}

Deno.test({
  name: "what a mapping touches on a bad page fails, and is not kept as good",
  ignore,
  async fn() {
    using folder = new TestFolder();
    const file = folder.noise("source", 2 * MIB);
    await using device = await FailingDevice.make(file, { bad: [[BAD, SECTOR]] });
    await using shown = await ShownFile.start({ device: device.path, direct: true });
    const program = [
      "import mmap, sys",
      "with open(sys.argv[1], 'rb') as file:",
      "    memory = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)",
      "    sys.stdout.write(str(memory[int(sys.argv[2])]))",
    ].join("\n");
    const touch = (offset: number) =>
      tryTool("/usr/bin/python3", ["-c", program, shown.path, String(offset)]);
    const source = Deno.readFileSync(file);
    for (let time = 0; time < 2; time++) {
      // 128 + SIGBUS
      assertEquals((await touch(BAD)).code, 135);
      const good = await touch(MIB + 5 * 4096);
      assertEquals([good.code, good.stdout], [0, String(source[MIB + 5 * 4096])]);
    }
    const { code } = await tryTool("dd", [
      ...[`if=${shown.path}`, "of=/dev/null", "bs=4096", "count=1", `skip=${MIB / 4096}`],
    ]);
    assertEquals(code, 1);
  },
});

Deno.test({
  name: "while the device hangs, what is cached is read at once, whatever is waiting",
  ignore,
  async fn() {
    using folder = new TestFolder();
    const file = folder.noise("source", 8 * MIB);
    await using device = await FailingDevice.make(file, { canHang: true });
    await using shown = await ShownFile.start({ device: device.path, direct: true, readAhead: 0 });
    const cached = [`if=${shown.path}`, `of=${folder.file("part")}`, "bs=64K", "count=16"];
    await tool("dd", cached);
    await using _hang = await device.source.hang();
    const waiting = Array.from(
      { length: 12 },
      (_, index) => BlockReader.start(shown.path, 32 + index),
    );
    try {
      await until("they wait", () => waiting.every((reader) => reader.isReading()));
      for (let time = 0; time < 5; time++) {
        await tool("dd", [...cached, ...time % 2 ? ["iflag=direct"] : []]);
        assertSameBytes(
          Deno.readFileSync(folder.file("part")),
          Deno.readFileSync(file).slice(0, MIB),
          "part",
        );
      }
      assert(waiting.every((reader) => reader.isReading()), "they wait still");
    } finally {
      await BlockReader.kill(waiting);
    }
  },
});

Deno.test({
  name:
    "a loop device with direct I/O on the file goes on with what is cached while the device hangs",
  ignore,
  async fn() {
    using folder = new TestFolder();
    const file = folder.noise("source", 8 * MIB);
    await using device = await FailingDevice.make(file, { canHang: true });
    await using shown = await ShownFile.start({ device: device.path, direct: true, readAhead: 0 });
    await tool("dd", [`if=${shown.path}`, "of=/dev/null", "bs=64K", "count=16"]);
    using loop = LoopDevice.attach(shown.path, { readOnly: true, direct: true });
    let waiting;
    {
      await using _hang = await device.source.hang();
      // It cannot be killed: that is how the kernel reads block devices.
      waiting = BlockReader.start(loop.path, 64, "iflag=direct");
      await until("it waits", () => waiting!.isReading());
      await tool("dd", [`if=${loop.path}`, "of=/dev/null", "bs=64K", "count=16", "iflag=direct"]);
      assert(waiting.isReading());
    }
    assertEquals(await waiting.code, 0);
  },
});

Deno.test({
  name: "killed readers end while the device hangs, and the next read is not spoilt",
  ignore,
  async fn() {
    using folder = new TestFolder();
    const file = folder.noise("source", 8 * MIB);
    await using device = await FailingDevice.make(file, { canHang: true });
    await using shown = await ShownFile.start({ device: device.path, direct: true, readAhead: 0 });
    {
      await using _hang = await device.source.hang();
      // Several at a time, so that one thread hears of an interrupt and another has the read.
      for (let round = 0; round < 5; round++) {
        const readers = [0, 1, 2, 3].flatMap((block) => [
          BlockReader.start(shown.path, round * 8 + block),
          BlockReader.start(shown.path, round * 8 + block, "iflag=direct"),
        ]);
        await until("they wait", () => readers.every((reader) => reader.isReading()));
        await BlockReader.kill(readers);
      }
    }
    await tool("cmp", [shown.path, file]);
  },
});

Deno.test({
  name: "a reader that waits longer than the timeout gets an error, and may come again",
  ignore,
  async fn() {
    using folder = new TestFolder();
    const file = folder.noise("source", 2 * MIB);
    await using device = await FailingDevice.make(file, { canHang: true });
    await using shown = await ShownFile.start({
      device: device.path,
      direct: true,
      readAhead: 0,
      timeoutMs: 300,
    });
    const read = [`if=${shown.path}`, "of=/dev/null", "bs=64K", "count=1", "iflag=direct"];
    {
      await using _hang = await device.source.hang();
      const { code, stderr } = await tryTool("dd", read);
      assertEquals([code, /Input\/output error/.test(stderr)], [1, true]);
    }
    // On a busy machine a read may take as long as the timeout, again and again.
    await until("it can be read", async () => (await tryTool("dd", read)).code === 0);
    assertEquals((await shown.end("SIGTERM"))!.failedReads, 0);
  },
});
