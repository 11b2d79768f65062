// `serve` on a real drive whose disc comes and goes.

import { MAX_REREADS } from "../../src/opening/identity_reads.ts";
import { assert, assertEquals } from "@std/assert";
import { assertSameFile, TestFolder } from "../harness/test_folder.ts";
import { CD_DRIVE, hasVirtualMachine, runGuest } from "../harness/virtual_machine.ts";
import { makeDisc } from "./disc.ts";
import { guestEvents, mediumEnds } from "./events.ts";

/** What the program reads to recognise a disc, and the kernel to look for partitions, at most. */
const RECOGNITION_BYTES = MAX_REREADS * 65_536 + 256 * 1024;

Deno.test({
  name: "discs come and go: each has its image, is resumed and is read once",
  ignore: !hasVirtualMachine(),
  async fn() {
    using folder = new TestFolder();
    const a = await makeDisc(folder, "a", 12);
    const b = await makeDisc(folder, "b", 6);
    const throttled = {
      driver: "throttle",
      "throttle-group": "slow",
      file: { driver: "file", filename: a, "read-only": true },
    };
    const { code, output } = await runGuest("disc_life.sh", folder, [
      ...["-object", "throttle-group,id=slow,x-bps-read=2000000,x-bps-read-max=2000000"],
      ...CD_DRIVE,
    ], { DISC_A: a, DISC_B: b, SLOW_A: `json:${JSON.stringify(throttled)}` });
    assertEquals(code, 0, output);

    const out = (name: string) => folder.file(`out/${name}`);
    assertSameFile(out("a.copy"), a);
    assertSameFile(out("b.copy"), b);
    const events = guestEvents(folder);
    const ready = events.filter(({ event }) => event === "ready");
    assertEquals(ready.map(({ resumed }) => resumed), [false, false, true]);
    assertEquals(ready[0].image, ready[2].image);
    assertSameFile(out(ready[0].image), a);
    assertSameFile(out(ready[1].image), b);

    const refused = Deno.readTextFileSync(out("refused"));
    assert(/server error message: no medium in "\/dev\/sr0"/.test(refused), refused);
    // ESHUTDOWN, or the closed connection behind it.
    const cut = Deno.readTextFileSync(out("cut"));
    assert(/transport endpoint/i.test(cut), cut);

    const ends = mediumEnds(events);
    assertEquals(ends.map(({ totals }) => totals.badSector + totals.nonTrimmed), [0, 0, 0]);
    assertEquals(ends.map(({ failedReads }) => failedReads), [0, 0, 0]);
    const [first, , second] = ends.map(({ deviceBytes }) => deviceBytes);
    const { size } = Deno.statSync(a);
    assert(first! > 0 && second! > 0, "the ejection came in the middle");
    assert(first! + second! <= size, `${first} + ${second} bytes were read of A`);
    const had = ends[0]!.totals.finished;
    const reread = Number(Deno.readTextFileSync(out("reread"))) * 512;
    assert(
      reread <= size - had + RECOGNITION_BYTES,
      `the kernel has read ${reread} bytes of A again, of which ${had} of ${size} were there`,
    );
  },
});
