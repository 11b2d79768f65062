// `map` as a user runs it.

import { assert, assertEquals } from "@std/assert";
import { type Ended, Program, programCommand } from "../harness/program.ts";
import { TestFolder } from "../harness/test_folder.ts";
import { tryTool } from "../harness/tool.ts";

const MAP = `# Mapfile. Created by GNU ddrescue version 1.27
0x00001000     *               1
0x00000000  0x00001000  +
0x00001000  0x00000200  -
0x00001200  0x00000E00  *
0x00002000  0x00002000  ?
`;

async function mapOf(files: Record<string, string>, ...args: string[]): Promise<Ended> {
  const dir = Deno.makeTempDirSync({ prefix: "blkcache-test-" });
  try {
    for (const [name, text] of Object.entries(files)) {
      Deno.writeTextFileSync(`${dir}/${name}`, text);
    }
    await using program = Program.start(["map", ...args], { dir });
    return await program.ended();
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
}

Deno.test("map shows totals, holes, what comes next and a picture", async () => {
  const { code, stdout, stderr } = await mapOf({ "a.map": MAP }, "a.map");
  assertEquals([code, stderr], [0, ""]);
  assertEquals(stdout.split("\n"), [
    "a.map: 16 KiB (16384 bytes), trimming, pass 1, at 4096",
    "",
    "  STATUS            SIZE  SHARE  AREAS",
    "+ finished         4 KiB  25.0%      1",
    "? non-tried        8 KiB  50.0%      1",
    "* non-trimmed    3.5 KiB  21.9%      1",
    "/ non-scraped    0 bytes     0%      0",
    "- bad sector   512 bytes   3.1%      1",
    "",
    "1 hole (without data):",
    "OFFSET  BYTES    SIZE",
    "  4096  12288  12 KiB",
    "",
    "Next  copying   8 KiB in 1 area: not tried yet, in large reads",
    "then  trimming  3.5 KiB in 1 area: up to 7 reads from their ends",
    "then  retrying  512 bytes in 1 area: 1 read of a sector, once more",
    "",
    "Each character is 512 bytes and shows the worst in it:",
    "0 bytes  ++++++++-*******????????????????",
    "",
  ]);
});

Deno.test("map --json is one object", async () => {
  const { code, stdout } = await mapOf({ "a.map": MAP }, "--json", "a.map");
  assertEquals(code, 0);
  assertEquals(JSON.parse(stdout), {
    mapfile: "a.map",
    size: 16384,
    range: null,
    domain: null,
    phase: "trimming",
    pass: 1,
    position: 4096,
    totals: { finished: 4096, nonTried: 8192, nonTrimmed: 3584, nonScraped: 0, badSector: 512 },
    areas: { finished: 1, nonTried: 1, nonTrimmed: 1, nonScraped: 0, badSector: 1 },
    holes: 1,
    largestHoles: [{ offset: 4096, length: 12288 }],
    next: [
      { phase: "copying", bytes: 8192, areas: 1 },
      { phase: "trimming", bytes: 3584, areas: 1, reads: 7 },
      { phase: "retrying", bytes: 512, areas: 1, reads: 1 },
    ],
  });
});

Deno.test("a range and a domain narrow the view", async () => {
  const files = { "a.map": MAP, "d.map": "0 + 1\n0x1200 0x400 +\n" };
  const { code, stdout } = await mapOf(files, "a.map", "4K+1K", "--domain", "d.map", "--json");
  assertEquals(code, 0);
  const { totals, range, domain } = JSON.parse(stdout);
  assertEquals([range, domain], [{ offset: 4096, length: 1024 }, "d.map"]);
  assertEquals(totals, {
    finished: 0,
    nonTried: 0,
    nonTrimmed: 512,
    nonScraped: 0,
    badSector: 0,
  });
});

Deno.test("pictures are written beside the report, over older ones and over nothing else", async () => {
  using folder = new TestFolder();
  Deno.writeTextFileSync(folder.file("a.map"), MAP);
  const dir = folder.path;
  for (const _time of [1, 2]) {
    await using program = Program.start(["map", "a.map", "--svg=a.svg", "--png=a.png"], { dir });
    const { code, stdout, stderr } = await program.ended();
    assertEquals([code, stderr], [0, ""]);
    assert(stdout.startsWith("a.map: 16 KiB"), stdout);
  }
  assert(Deno.readTextFileSync(folder.file("a.svg")).includes("<title>a.map</title>"));
  assertEquals([...Deno.readFileSync(folder.file("a.png")).subarray(1, 4)], [0x50, 0x4e, 0x47]);
  for (const name of ["a.map", "a.svg"]) {
    const before = Deno.readFileSync(folder.file(name));
    await using program = Program.start(["map", "a.map", `--png=${name}`], { dir });
    const { code, stderr } = await program.ended();
    assertEquals(code, 1);
    assert(stderr.includes(`"${name}" exists and is no such picture: it is left alone`), stderr);
    assertEquals(Deno.readFileSync(folder.file(name)), before);
  }
});

Deno.test("map --watch says what is new, survives a torn file, and ends with a signal", async () => {
  using folder = new TestFolder();
  const path = folder.file("a.map");
  Deno.writeTextFileSync(path, "0 ? 1\n0 4096 ?\n");
  await using program = Program.start(["map", "--watch", "--json", "a.map"], { dir: folder.path });
  await program.waitForLine("stdout", /"finished":0,"nonTried":4096/);
  Deno.writeTextFileSync(path, "0 ? 1\n0 40");
  Deno.writeTextFileSync(path, "0 ? 1\n0 512 +\n512 3584 ?\n");
  await program.waitForLine("stdout", /"finished":512,"nonTried":3584/);
  program.signal("SIGINT");
  const { code, stderr } = await program.ended();
  assertEquals([code, stderr], [0, ""]);
});

Deno.test("a broken map is refused with its path and line", async () => {
  const { code, stdout, stderr } = await mapOf({ "a.map": `${MAP}junk\n` }, "a.map");
  assertEquals([code, stdout], [1, ""]);
  assert(/^blkcache: error: .*"a\.map", line 7: /.test(stderr), stderr);
});

Deno.test("who names the image is told of the mapfile beside it", async () => {
  const { code, stderr } = await mapOf({ "a.img": "\0\0", "a.img.map": MAP }, "a.img");
  assertEquals(code, 1);
  assert(stderr.endsWith("blkcache: hint: blkcache map a.img.map\n"), stderr);
});

Deno.test("map reads standard input as -, once", async () => {
  using folder = new TestFolder();
  const [program, ...before] = programCommand();
  const map = (...args: string[]) =>
    tryTool(program!, [...before, "map", ...args], { stdin: MAP, cwd: folder.path });
  const { code, stdout } = await map("-", "--json");
  assertEquals(code, 0);
  assertEquals(JSON.parse(stdout).totals.finished, 4096);
  const watched = await map("-", "--watch");
  assertEquals(watched.code, 2, watched.stderr);
  assert(watched.stderr.includes("--watch needs a file"), watched.stderr);
});
