// `--domain` beside `ddrescue -m`: the same domain, the same blocks; what one refuses the other refuses too.

import { assert, assertEquals } from "@std/assert";
import { areasOf } from "../harness/mapfile_areas.ts";
import { programCommand, runProgram } from "../harness/program.ts";
import { hasTools } from "../harness/requires.ts";
import { TestFolder } from "../harness/test_folder.ts";
import { tool, tryTool } from "../harness/tool.ts";

const MIB = 1_048_576;
const SIZE = 4 * MIB;
/** What blkcache reads of every device to identify it. */
const HEAD = 65_536;
const ignore = !hasTools("ddrescue", "ddrescuelog");

/** Finished areas behind the head, as text. */
function finished(map: string): string[] {
  return areasOf(map).filter(({ status, end }) => status === "+" && end > HEAD)
    .map(({ start, end }) => `${Math.max(start, HEAD)}-${end}`);
}

function fillArgs(folder: TestFolder, image: string, ...options: string[]): string[] {
  const socket = `--socket=${folder.file("socket")}`;
  const device = folder.file("device");
  return [
    "serve",
    device,
    folder.file(image),
    socket,
    "--fill",
    "--exit-when-complete",
    ...options,
  ];
}

/** What both make of a domain: the finished areas, or "refused". */
async function both(
  folder: TestFolder,
  domain: string,
  loose: boolean,
): Promise<[blkcache: string[] | string, ddrescue: string[] | string]> {
  for (const name of ["i", "i.map", "i.map.bak", "i.json", "o", "o.map"]) {
    await Deno.remove(folder.file(name)).catch(() => {});
  }
  const path = folder.file("domain");
  Deno.writeTextFileSync(path, domain);
  const options = [`--domain=${path}`, ...loose ? ["--loose-domain"] : []];
  const ours = await runProgram(fillArgs(folder, "i", ...options));
  const args = ["-q", ...loose ? ["-L"] : [], "-m", path, folder.file("device"), folder.file("o")];
  const theirs = await tryTool("ddrescue", [...args, folder.file("o.map")]);
  if (ours.code !== 0) assertEquals(ours.stderr.split("\n").filter(Boolean).length, 2, ours.stderr);
  return [
    ours.code === 0 ? finished(folder.file("i.map")) : "refused",
    theirs.code === 0 ? finished(folder.file("o.map")) : "refused",
  ];
}

const DOMAINS: readonly [name: string, blocks: string, loose?: "loose"][] = [
  ["it ends with the device", "0 0x100000 ?\n0x100000 0x300000 +\n"],
  ["it ends before the device", "0 0x100000 ?\n0x100000 0x1000 +\n"],
  ["it goes on behind the end", "0 0x100000 ?\n0x100000 0x700000 +\n"],
  ["it goes on to 2^63 - 1", "0 0x100000 ?\n0x100000 0x7FFFFFFFFFEFFFFF +\n"],
  ["a size that would go beyond 2^63", "0 0x100000 ?\n0x100000 0x7FFFFFFFFFFFFFFF +\n"],
  ["finished blocks behind the end alone", "0 0x400000 ?\n0x400000 0x1000 +\n"],
  ["gaps", "0x100000 0x1000 +\n0x200000 0x1000 +\n"],
  ["gaps", "0x100000 0x1000 +\n0x200000 0x1000 +\n", "loose"],
  ["disorder", "0x200000 0x1000 +\n0x100000 0x1000 +\n", "loose"],
  ["overlap of one status", "0x100000 0x3000 +\n0x102000 0x3000 +\n", "loose"],
  ["overlap of two", "0x100000 0x3000 +\n0x102000 0x3000 -\n", "loose"],
  ["disorder up to 2^63 - 1", "0x300000 0x7FFFFFFFFFCFFFFF +\n0x100000 0x1000 +\n", "loose"],
];

Deno.test({
  name:
    "domains that ddrescue takes are taken alike, and what it refuses is refused in one sentence",
  ignore,
  async fn() {
    using folder = new TestFolder();
    folder.noise("device", SIZE);
    for (const [name, blocks, loose] of DOMAINS) {
      const [ours, theirs] = await both(folder, `0 + 1\n${blocks}`, loose !== undefined);
      assertEquals(ours, theirs, name);
    }
    const [ours, theirs] = await both(folder, "0 0x100000 +\n", true);
    assertEquals([ours, theirs], ["refused", "refused"], "no status line");
  },
});

Deno.test({
  name:
    "a domain of all but some sectors, as ddrescuelog makes it, is cut at the end of the device",
  ignore,
  async fn() {
    using folder = new TestFolder();
    const device = folder.noise("device", SIZE);
    const domain = folder.file("but.map");
    const but = await tool("ddrescuelog", ["-c?+", "-b512", "-"], { stdin: "1000\n1001\n1002\n" });
    Deno.writeTextFileSync(domain, but);
    assert(but.includes("0x7FFFFFFFFF"), but);
    const { code, stderr } = await runProgram(fillArgs(folder, "image", `--domain=${domain}`));
    assertEquals(code, 0, stderr);
    assert(stderr.includes("all of the domain has been read"), stderr);
    await tool("ddrescue", ["-q", "-m", domain, device, folder.file("o"), folder.file("o.map")]);
    assertEquals(finished(folder.file("image.map")), finished(folder.file("o.map")));

    // From standard input, and for `map`.
    const words = [...programCommand(), "map", folder.file("image.map"), "--domain=-", "--json"];
    const piped = await tryTool(words[0]!, words.slice(1), { stdin: but });
    assertEquals(piped.code, 0, piped.stderr);
    assertEquals(JSON.parse(piped.stdout).totals.finished, SIZE - 3 * 512);
    const cut = await runProgram(["map", domain]);
    assertEquals(cut.code, 0, cut.stderr);
    assert(
      cut.stderr.includes(
        `reaches to ${2n ** 63n - 1n}: areas behind ${2 ** 53 - 1} are ignored`,
      ),
      cut.stderr,
    );
  },
});

Deno.test("the rescue's own mapfile may not claim what lies behind the end, told exactly", async () => {
  using folder = new TestFolder();
  folder.noise("device", SIZE);
  folder.noise("image", SIZE);
  Deno.writeTextFileSync(folder.file("image.map"), "0 + 1\n0 0x7FFFFFFFFFFFFFFF +\n");
  const { code, stderr } = await runProgram(fillArgs(folder, "image"));
  assertEquals(code, 1, stderr);
  assert(stderr.includes(`${2n ** 63n - 1n - BigInt(SIZE)} fewer than mapfile`), stderr);
});
