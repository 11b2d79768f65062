import { assert, assertEquals, assertRejects } from "@std/assert";
import { UserError } from "../../../src/base/errors.ts";
import { parseArguments } from "../../../src/cli/arguments.ts";
import { mapCommand } from "../../../src/cli/map_command.ts";
import { TestFolder } from "../../harness/test_folder.ts";
import { FakeTerminal } from "../ui/fake_terminal.ts";

const MAP = `# Mapfile. Created by GNU ddrescue version 1.27
0x00001000     *               1
0x00000000  0x00001000  +
0x00001000  0x00000200  -
0x00001200  0x00000E00  *
0x00002000  0x00002000  ?
`;

class Maps implements Disposable {
  readonly folder = new TestFolder();

  constructor(files: Readonly<Record<string, string>> = { "a.map": MAP }) {
    for (const [name, text] of Object.entries(files)) {
      Deno.writeTextFileSync(this.folder.file(name), text);
    }
  }

  /** `FOLDER/` in a word is the folder. */
  async run(...words: string[]) {
    const args = words.map((word) => word.replace("FOLDER/", `${this.folder.path}/`));
    const request = parseArguments(["map", ...args]);
    if (request.kind !== "run") throw new Error(args.join(" "));
    const terminal = new FakeTerminal();
    terminal.json = request.values.json ?? false;
    const code = await mapCommand(request.operands, request.values, terminal);
    await terminal.close();
    return { code, ...terminal.written };
  }

  [Symbol.dispose](): void {
    this.folder[Symbol.dispose]();
  }
}

Deno.test("a report names the file, its totals and what comes next", async () => {
  using maps = new Maps();
  const { code, stdout, stderr } = await maps.run("FOLDER/a.map");
  assertEquals([code, stderr], [0, ""]);
  const lines = stdout.split("\n");
  assertEquals(
    lines[0],
    `${maps.folder.path}/a.map: 16 KiB (16384 bytes), trimming, pass 1, at 4096`,
  );
  assert(lines.includes("- bad sector   512 bytes   3.1%      1"), stdout);
  assert(lines.includes("Next  copying   8 KiB in 1 area: not tried yet, in large reads"), stdout);
});

Deno.test("a range in sectors counts in those that the mapfile notes, else in 512 bytes", async () => {
  const noted = MAP.replace("\n", "\n## blkcache: sector-size=2048\n");
  const odd = MAP.replace("\n", "\n## blkcache: sector-size=many\n");
  using maps = new Maps({ "a.map": MAP, "noted.map": noted, "odd.map": odd });
  const rangeOf = async (name: string) =>
    JSON.parse((await maps.run(`FOLDER/${name}`, "2s+1s", "--json")).stdout).range;
  assertEquals(await rangeOf("a.map"), { offset: 1024, length: 512 });
  assertEquals(await rangeOf("noted.map"), { offset: 4096, length: 2048 });
  assertEquals(await rangeOf("odd.map"), { offset: 1024, length: 512 });
});

Deno.test("a domain narrows the totals; --loose-domain takes one with gaps", async () => {
  using maps = new Maps({
    "a.map": MAP,
    "d.map": "0 + 1\n0x1200 0x400 +\n",
    "gaps.map": "0 + 1\n0 0x200 +\n0x1200 0x200 +\n",
  });
  const totalsOf = async (...args: string[]) =>
    JSON.parse((await maps.run("FOLDER/a.map", "--json", ...args)).stdout).totals;
  const none = { finished: 0, nonTried: 0, nonTrimmed: 0, nonScraped: 0, badSector: 0 };
  assertEquals(await totalsOf("--domain=FOLDER/d.map"), { ...none, nonTrimmed: 1024 });
  const gaps = "--domain=FOLDER/gaps.map";
  await assertRejects(() => totalsOf(gaps), UserError, "gaps.map");
  assertEquals(await totalsOf(gaps, "--loose-domain"), {
    ...none,
    finished: 512,
    nonTrimmed: 512,
  });
});

Deno.test("areas beyond what can be counted are said to be ignored", async () => {
  using maps = new Maps({
    "big.map": `0 ? 1\n0 0x1000 +\n0x1000 0x${(2n ** 62n).toString(16)} ?\n`,
  });
  const { code, stderr } = await maps.run("FOLDER/big.map");
  assertEquals(code, 0);
  assert(
    /warning: ".*big\.map" reaches to 46116\d+: areas behind 9007\d+ are ignored/.test(stderr),
    stderr,
  );
});

Deno.test("pictures are written, over older ones and over nothing else", async () => {
  using maps = new Maps();
  for (const _time of [1, 2]) {
    await maps.run("FOLDER/a.map", "--svg=FOLDER/a.svg", "--png=FOLDER/a.png");
  }
  assert(Deno.readTextFileSync(maps.folder.file("a.svg")).startsWith("<svg"));
  assertEquals([...Deno.readFileSync(maps.folder.file("a.png")).subarray(1, 4)], [
    0x50,
    0x4e,
    0x47,
  ]);
  const error = await assertRejects(
    () => maps.run("FOLDER/a.map", "--png=FOLDER/a.svg"),
    UserError,
    "exists and is no such picture",
  );
  assertEquals(error.hints, ["name a file that does not exist yet"]);
  await assertRejects(() => maps.run("FOLDER/a.map", "--svg=FOLDER/a.map"), UserError);
  assertEquals(Deno.readTextFileSync(maps.folder.file("a.map")), MAP);
});

Deno.test("who names an image is told of the mapfile beside it", async () => {
  using maps = new Maps({ "a.img": "\0\0", "a.img.map": MAP, "lone.img": "\0\0" });
  const beside = await assertRejects(() => maps.run("FOLDER/a.img"), UserError);
  assertEquals(beside.hints, [`blkcache map ${maps.folder.path}/a.img.map`]);
  const alone = await assertRejects(() => maps.run("FOLDER/lone.img"), UserError);
  assert(alone.hints[0]!.startsWith("name a mapfile that ddrescue or blkcache has written"));
});

Deno.test("standard input cannot be watched", async () => {
  using maps = new Maps();
  const error = await assertRejects(() => maps.run("-", "--watch"), UserError);
  assertEquals([error.exitCode, error.message], [
    2,
    "--watch needs a file: standard input is read once",
  ]);
});
