// Drives with a dead head: what a fill costs them, beside what ddrescue 1.30 does.
import { assert } from "@std/assert";
import { modelOf } from "../../harness/dead_head_drive.ts";
import { CountedFill, SHARES } from "./counted_fill.ts";
import { DDRESCUE_COUNTS } from "./ddrescue_counts.ts";

/** The share at which half of ddrescue's failing reads must do. */
const HALVED = SHARES.indexOf(0.999);

for (const [drive, theirs] of DDRESCUE_COUNTS) {
  Deno.test(`${drive.name}: no more failing reads than ddrescue 1.30, at any share`, () => {
    const ours = new CountedFill(modelOf(drive)).countAtShares();
    SHARES.forEach((share, index) => {
      const most = index === HALVED ? theirs[index]! / 2 : theirs[index]!;
      assert(ours[index]! <= most, `${share * 100} %: ${ours} failing reads, ddrescue ${theirs}`);
    });
  });
}
