// A drive that gets slow after a failed read until it is left alone: the fill finds out that rests help, says so, and
// saves everything.

import { assert, assertEquals } from "@std/assert";
import { areasOf, bytesWith } from "../harness/mapfile_areas.ts";
import { hasTools, isRoot } from "../harness/requires.ts";
import { Served } from "../harness/served.ts";
import { SickDisk } from "../harness/sick_disk.ts";
import { TestFolder } from "../harness/test_folder.ts";
import { until } from "../harness/tool.ts";

const ignore = !isRoot() || !hasTools("nbdfuse", "losetup");
const SIZE = 8 * 1024 * 1024;
/** Some slow reads of 6.5 seconds, rests of 2 and 5, and some load. */
const PATIENCE_MS = 120_000;
const FILL = ["--fill", "--exit-when-complete", "--save-interval=0.2"];

/** The rests that the progress has told of so far: how long, and whether they pay. */
function rests(served: Served): string[] {
  const told = new Set<string>();
  for (const line of served.program.stdout.trimEnd().split("\n")) {
    const { event, resting } = JSON.parse(line);
    if (event !== "progress" || resting === null) continue;
    assert(resting.restMs > 0 && resting.restMs <= resting.ms, line);
    told.add(`${resting.ms} ${resting.pays ? "pays" : "is tried"}`);
  }
  return [...told];
}

Deno.test({
  name: "a drive that is slow until it has rested: rests are tried, the one that helps is kept",
  ignore,
  async fn() {
    using folder = new TestFolder();
    const file = folder.noise("source", SIZE);
    const drive = { name: "slow after a failure until rested", size: SIZE, seed: 1 } as const;
    await using disk = await SickDisk.makeDrive(drive, file, folder.path);
    await using served = await Served.start(disk.path, { dir: folder.path, args: FILL });
    await until("a rest pays", () => rests(served).includes("5000 pays"), PATIENCE_MS);
    assertEquals(rests(served), ["2000 is tried", "5000 is tried", "5000 pays"]);
    const { code } = await served.program.ended();
    assertEquals(code, 3);
    const areas = areasOf(served.map);
    assertEquals(bytesWith("+", areas), disk.model.readable);
    assertEquals(bytesWith("-", areas), SIZE - disk.model.readable);
  },
});
