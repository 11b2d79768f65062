// `blkcache map` and GNU ddrescuelog, asked for the totals of the same mapfiles.

import { assertEquals } from "@std/assert";
import { runProgram } from "../harness/program.ts";
import { hasTools } from "../harness/requires.ts";
import { TestFolder } from "../harness/test_folder.ts";
import { tool } from "../harness/tool.ts";
import { chooseSeed, Random } from "../model/map_random.ts";

const SEED = chooseSeed();
const NAMES = {
  nonTried: "non-tried",
  nonTrimmed: "non-trimmed",
  nonScraped: "non-scraped",
  badSector: "bad-sector",
  finished: "rescued",
};

/** Like the ones that rescues leave: mostly finished, or mostly not, with some trouble in between. */
function mapfile(random: Random): string {
  const usual = random.pick(["+", "?", "*"]);
  const first = random.once(4) ? 512 * random.below(9) : 0;
  const lines = [`0x0 ${random.pick("?*/-+")} ${1 + random.below(3)}`];
  let at = first;
  for (let areas = 1 + random.below(60); areas > 0; areas--) {
    const status = random.once(2) ? usual : random.pick("?*/-+");
    const size = 512 * (1 + random.below(random.once(3) ? 40 : 3));
    lines.push(`0x${at.toString(16)} 0x${size.toString(16)} ${status}`);
    at += size;
  }
  return lines.join("\n") + "\n";
}

/** Where the first block of a mapfile begins. */
function firstBlock(path: string): number {
  return Number(/^0x\w+(?= 0x)/m.exec(Deno.readTextFileSync(path))![0]);
}

/** Bytes and areas; numbers below 1,000,000 are printed in full. */
function told(name: string, report: string): [bytes: number, areas: number] {
  const line = new RegExp(`^ *${name}: +(\\d+) B, +in +(\\d+) area`, "m").exec(report);
  return [Number(line?.[1]), Number(line?.[2])];
}

Deno.test({
  name: `ten maps have the totals and the numbers of areas that ddrescuelog says (seed ${SEED})`,
  ignore: !hasTools("ddrescuelog"),
  async fn() {
    using folder = new TestFolder();
    const random = new Random(SEED);
    for (let round = 0; round < 10; round++) {
      const path = folder.file(`${round}.map`);
      Deno.writeTextFileSync(path, mapfile(random));
      const theirs = await tool("ddrescuelog", ["-t", path]);
      const ours = JSON.parse((await runProgram(["map", "--json", path])).stdout);
      for (const [key, name] of Object.entries(NAMES)) {
        const expected = told(name, theirs);
        // ddrescuelog leaves out what lies before the first block: not tried.
        if (key === "nonTried") expected[0] += firstBlock(path);
        assertEquals(ours.totals[key], expected[0], `${key}\n${theirs}`);
        if (key !== "nonTried") assertEquals(ours.areas[key], expected[1], `${key}\n${theirs}`);
      }
    }
  },
});
