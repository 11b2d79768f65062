// `map` as a user runs it.

import { assert, assertEquals } from "@std/assert";
import { type Ended, Program } from "../harness/program.ts";

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

Deno.test("map shows totals, holes and a picture", async () => {
  const { code, stdout, stderr } = await mapOf({ "a.map": MAP }, "a.map");
  assertEquals([code, stderr], [0, ""]);
  assertEquals(stdout.split("\n"), [
    "a.map: 16 KiB (16384 bytes), trimming, pass 1, at 4096",
    "",
    "STATUS              SIZE  SHARE  AREAS",
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
    phase: "trimming",
    pass: 1,
    position: 4096,
    totals: { finished: 4096, nonTried: 8192, nonTrimmed: 3584, nonScraped: 0, badSector: 512 },
    areas: { finished: 1, nonTried: 1, nonTrimmed: 1, nonScraped: 0, badSector: 1 },
    holes: 1,
    largestHoles: [{ offset: 4096, length: 12288 }],
  });
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
