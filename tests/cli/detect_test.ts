// `detect` as a user runs it.

import { assert, assertEquals } from "@std/assert";
import { writePartitionTable } from "../harness/partition_image.ts";
import { Program, runProgram } from "../harness/program.ts";
import { hasTools } from "../harness/requires.ts";
import { inFolder, makeHole } from "../harness/temporary_folder.ts";
import { tool } from "../harness/tool.ts";

Deno.test("detect lists block devices as a table", async () => {
  const { code, stdout, stderr } = await runProgram(["detect"]);
  assertEquals(code, 0, stderr);
  if (stdout === "") {
    assertEquals(stderr, "blkcache: there are no block devices\n");
  } else {
    assert(/^DEVICE +KIND +SIZE +SECTOR +MEDIUM +ABOUT\n\/dev\//.test(stdout), stdout);
  }
});

Deno.test("detect describes files, and one that is not there hides no other", async () => {
  const dir = Deno.makeTempDirSync({ prefix: "blkcache-test-" });
  try {
    Deno.writeTextFileSync(`${dir}/disc.iso`, "x".repeat(2000));
    await using program = Program.start(["detect", "nothing", "disc.iso"], { dir });
    const { code, stdout, stderr } = await program.ended();
    assertEquals(code, 1);
    assert(stderr.startsWith('blkcache: error: cannot open "nothing": No such file'), stderr);
    const lines = stdout.split("\n");
    assert(lines.includes("disc.iso"), stdout);
    assert(lines.some((line) => /^ {2}size +2 KiB \(2000 bytes\)$/.test(line)), stdout);
    assert(lines.some((line) => /^ {2}image +disc-[0-9a-f]{8}\.img$/.test(line)), stdout);

    // A rescue of it that has begun is found.
    const args = ["serve", "disc.iso", "first.img", "--socket=s.sock"];
    await using server = Program.start(args, { dir });
    await server.ready();
    server.signal("SIGTERM");
    await server.ended();
    await using again = Program.start(["detect", "disc.iso"], { dir });
    const { stdout: found } = await again.ended();
    assert(found.split("\n").some((line) => /^ {2}cached in +first\.img$/.test(line)), found);

    await using asJson = Program.start(["detect", "--json", "disc.iso"], { dir });
    const report = JSON.parse((await asJson.ended()).stdout);
    assertEquals([report.class, report.size, report.device], ["File", 2000, null]);
    assert(/^[0-9a-f]{8}$/.test(report.identity.fingerprint));
    assertEquals(report.images, [{ path: "first.img", certain: true }]);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
});

Deno.test({
  name: "detect shows the partitions of a disk and what of them is used",
  ignore: !hasTools("sfdisk", "mkfs.ext4", "mkfs.fat"),
  async fn() {
    await inFolder(async (folder) => {
      const MIB = 2 ** 20;
      const disk = makeHole(folder, "disk", 100 * MIB);
      const table = "label: gpt\nstart=2048, size=102400\nstart=104448, size=65536\n";
      await writePartitionTable(disk, `${table}start=169984, name="secret"\n`);
      const offset = ["-E", `offset=${MIB}`];
      await tool("mkfs.ext4", ["-q", "-F", "-L", "home", ...offset, disk, "50M"]);
      await tool("mkfs.fat", ["-n", "STICK", "-F", "16", "--offset", "104448", disk, "32768"]);
      const { code, stdout, stderr } = await runProgram(["detect", disk]);
      assertEquals([code, stderr], [0, ""]);
      assert(/^ {2}p1 +ext4 "home" 50 MiB, \S+ MiB used$/m.test(stdout), stdout);
      assert(/^ {2}p2 +FAT16 "STICK" 32 MiB, \S+ KiB used$/m.test(stdout), stdout);
      const unknown = /^ {2}p3 +unknown "secret" \S+ MiB, used as a whole: what is on it/m;
      assert(unknown.test(stdout), stdout);
      const { use } = JSON.parse((await runProgram(["detect", "--json", disk])).stdout);
      assertEquals([use.table, use.remark, use.parts.length], ["gpt", null, 3]);
      assertEquals([use.parts[0].start, use.parts[0].size], [MIB, 50 * MIB]);
    });
  },
});
